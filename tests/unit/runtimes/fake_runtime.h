// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "system-probe/runtimes/runtime_set.h"

namespace vedette::probe::test {

/// What several sockets lead to, and how the test changes it.
struct FakeHost {
    struct Runtime {
        bool there = true;       ///< there is a socket
        bool answers = true;     ///< and somebody answers
        bool understood = true;  ///< as we expect
        std::set<std::string> containers;
        std::set<std::string> stopped;  ///< known, but not running
        unsigned opened = 0, lists = 0, finds = 0;
    };
    std::map<std::string, Runtime> runtimes;

    RuntimeSet::Open open();
};

class FakeRuntime final : public ContainerRuntime {
   public:
    FakeRuntime(std::string socket, FakeHost::Runtime& facts)
        : socket_(std::move(socket)), facts_(facts) {}
    const std::string& name() const override { return socket_; }
    const std::string& version() const override { return version_; }
    Result<std::vector<std::string>> list() override {
        ++facts_.lists;
        if (!facts_.answers || !facts_.there)
            return fail(ErrorCode::kUnavailable, "no answer");
        return std::vector<std::string>(facts_.containers.begin(), facts_.containers.end());
    }
    Result<std::optional<v1::Workload>> find(const std::string& id) override {
        ++facts_.finds;
        if (!facts_.answers || !facts_.there)
            return fail(ErrorCode::kUnavailable, "no answer");
        if (!facts_.containers.contains(id) && !facts_.stopped.contains(id))
            return std::optional<v1::Workload>();
        v1::Workload out;
        out.set_container_id(id);
        out.set_metadata(v1::Workload::METADATA_KNOWN);
        out.set_runtime(socket_);
        out.set_name("name of " + id);
        return std::optional(out);
    }

   private:
    std::string socket_;
    std::string version_ = "1";
    FakeHost::Runtime& facts_;
};

inline RuntimeSet::Open FakeHost::open() {
    return [this](const std::string& socket) -> Result<std::unique_ptr<ContainerRuntime>> {
        Runtime& facts = runtimes[socket];
        ++facts.opened;
        if (!facts.there)
            return fail(ErrorCode::kNotFound, "no socket");
        if (!facts.understood)
            return fail(ErrorCode::kUnsupported, "no CRI");
        if (!facts.answers)
            return fail(ErrorCode::kUnavailable, "no answer");
        return std::unique_ptr<ContainerRuntime>(std::make_unique<FakeRuntime>(socket, facts));
    };
}

}  // namespace vedette::probe::test
