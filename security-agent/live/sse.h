// SPDX-License-Identifier: Apache-2.0
//
// A listener as server-sent events (WHATWG HTML, section 9.2): `hello` first, then `alert`, `event` and `gap`.
#pragma once

#include <memory>

#include "security-agent/api/http.h"
#include "security-agent/live/hub.h"

namespace vedette::live {

std::shared_ptr<api::BodyStream> sse_stream(std::shared_ptr<Listener> listener);

}  // namespace vedette::live
