// SPDX-License-Identifier: Apache-2.0
//
// Docker's HTTP API, and Podman's, which has the same and calls of its own that know pods.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "system-probe/runtimes/http_get.h"
#include "system-probe/runtimes/runtime.h"

namespace vedette::probe {

/// @name Answers, taken apart. What is missing or of another type counts as not said. Errors: no JSON, or none of that
/// kind at all.
/// @{
/// /containers/json
Result<std::vector<std::string>> parse_container_list(std::string_view body);
/// /containers/ID/json, Docker's and Podman's.
Result<v1::Workload> parse_container(std::string_view body, std::string_view runtime);
/// /images/ID/json: the digest that it was pulled by, of those the one in `repository` first; empty when there is none.
std::string parse_image_digest(std::string_view body, std::string_view repository);
/// /libpod/pods/ID/json. Errors as above.
Result<v1::Pod> parse_pod(std::string_view body);
/// @}

/// `ping`: the answer to GET /_ping.
std::unique_ptr<ContainerRuntime> make_docker_runtime(std::string socket, const HttpAnswer& ping);

}  // namespace vedette::probe
