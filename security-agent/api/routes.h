// SPDX-License-Identifier: Apache-2.0
//
// The routes under /agent: what each answers, without sockets and without authentication.
#pragma once

#include "security-agent/api/router.h"
#include "security-agent/api/server.h"

namespace vedette::api {

/// The router refers to `dependencies`.
Router make_routes(const Dependencies& dependencies);

/// The part under /agent/config.
void add_config_routes(Router& router, const Dependencies& dependencies);

}  // namespace vedette::api
