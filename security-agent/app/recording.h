// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "security-agent/api/record_routes.h"
#include "security-agent/replay/recorder.h"

namespace vedette::app {

/// The recorder as the API asks for it; it must outlive the API.
api::Recording recording_of(replay::Recorder& recorder);

}  // namespace vedette::app
