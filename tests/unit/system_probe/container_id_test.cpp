// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/container_id.h"

#include <string>

#include "tests/unit/catch.h"

namespace vedette::probe {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kOther = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

TEST_CASE("the container id of the known runtimes") {
    const auto path =
        GENERATE(as<std::string>{}, "/docker/ID", "/system.slice/docker-ID.scope",
                 "/kubepods.slice/kubepods-burstable.slice/"
                 "kubepods-burstable-pod5165_7fab.slice/cri-containerd-ID.scope",
                 "/kubepods/besteffort/pod6f265890-5165-4fab-a6b5-18d1aabbccdd/ID",
                 "/machine.slice/libpod-ID.scope/container", "/kubepods.slice/crio-ID.scope",
                 "/docker/ID/system.slice/cron.service", "/actions_job/ID");
    auto full = path;
    full.replace(full.find("ID"), 2, kId);
    INFO(full);
    CHECK(container_id(full) == kId);
}

TEST_CASE("the container id of Amazon ECS and of garden") {
    const std::string ecs = "0123456789abcdef0123456789abcdef-1234567890";
    CHECK(container_id("/ecs/task/" + ecs) == ecs);
    const std::string garden = "6f265890-5165-7fab-6b52-18d1";
    CHECK(container_id("/system.slice/garden/" + garden) == garden);
}

TEST_CASE("of nested containers the inner one counts") {
    CHECK(container_id("/docker/" + kOther + "/docker/" + kId) == kId);
}

TEST_CASE("what is no container") {
    CHECK(container_id("").empty());
    CHECK(container_id("/").empty());
    CHECK(container_id("/user.slice/user-1000.slice/session-3.scope").empty());
    CHECK(container_id("/system.slice/ssh.service").empty());
    CHECK(container_id("/system.slice/run-" + kId + ".service").empty());
    CHECK(container_id("/machine.slice/libpod-conmon-" + kId + ".scope").empty());
    CHECK(container_id("/docker/" + kId + "0").empty());
    CHECK(container_id("/docker/a" + kId).empty());
    CHECK(container_id("/docker/" + kId.substr(1)).empty());
    CHECK(container_id("/x/0123456789abcdef0123456789abcdef").empty());
    CHECK(container_id("/x/0123456789abcdef0123456789abcdef-").empty());
    CHECK(container_id("/x/0123456789abcdef0123456789abcdef-12f").empty());
    CHECK(container_id("/pod6f265890-5165-4fab-a6b5-18d1aabbccdd").empty());
}

}  // namespace
}  // namespace vedette::probe
