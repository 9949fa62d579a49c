// SPDX-License-Identifier: Apache-2.0
//
// The implementations of Asio, its TLS part and Beast, compiled once for everybody (see the top meson.build).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
