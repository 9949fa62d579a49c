// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/cri.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel_posix.h>

#include <utility>

#include "cri/runtime.grpc.pb.h"
#include "system-probe/runtimes/connect.h"
#include "system-probe/runtimes/workload_facts.h"

namespace vedette::probe {
namespace {

namespace cri = runtime::v1;

constexpr int kMaxMessage = 16 << 20;

class CriRuntime final : public ContainerRuntime {
   public:
    CriRuntime(std::string socket, const std::shared_ptr<grpc::Channel>& channel)
        : socket_(std::move(socket)), stub_(cri::RuntimeService::NewStub(channel)) {}

    Result<> ask_version() {
        auto answer = call(&Stub::Version, cri::VersionRequest());
        if (!answer)
            return forward_error(answer);
        name_ = cri_runtime_name(answer->runtime_name());
        version_ = bounded(answer->runtime_version());
        return {};
    }

    const std::string& name() const override { return name_; }
    const std::string& version() const override { return version_; }

    Result<std::vector<std::string>> list() override {
        cri::ListContainersRequest containers;
        containers.mutable_filter()->mutable_state()->set_state(cri::CONTAINER_RUNNING);
        auto running = call(&Stub::ListContainers, containers);
        if (!running)
            return forward_error(running);
        cri::ListPodSandboxRequest sandboxes;
        sandboxes.mutable_filter()->mutable_state()->set_state(cri::SANDBOX_READY);
        auto ready = call(&Stub::ListPodSandbox, sandboxes);
        if (!ready)
            return forward_error(ready);
        std::vector<std::string> ids;
        const auto add = [&ids](const auto& entry) {
            if (ids.size() < kMaxListed && is_plain_id(entry.id()))
                ids.push_back(entry.id());
        };
        for (const auto& container : running->containers())
            add(container);
        for (const auto& sandbox : ready->items())
            add(sandbox);
        return ids;
    }

    Result<std::optional<v1::Workload>> find(const std::string& id) override {
        using Found = std::optional<v1::Workload>;
        if (!is_plain_id(id))
            return Found();
        cri::ListContainersRequest request;
        request.mutable_filter()->set_id(id);
        auto containers = call(&Stub::ListContainers, request);
        if (!containers)
            return forward_error(containers);
        for (const cri::Container& container : containers->containers()) {
            if (container.id() == id)
                return Found(describe(container));
        }
        auto own = sandbox(id);
        if (!own)
            return forward_error(own);
        if (own->id().empty())
            return Found();
        return Found(cri_sandbox(*own, name_));
    }

   private:
    using Stub = cri::RuntimeService::Stub;

    /// What is missing of the rest is no reason to do without this.
    v1::Workload describe(const cri::Container& container) {
        cri::ContainerStatusRequest request;
        request.set_container_id(container.id());
        const auto status = call(&Stub::ContainerStatus, request);
        const auto own = sandbox(container.pod_sandbox_id());
        return cri_workload(container, status ? status->status() : cri::ContainerStatus(),
                            own ? *own : cri::PodSandbox(), name_);
    }

    /// Without an id when it does not know that one.
    Result<cri::PodSandbox> sandbox(const std::string& id) {
        if (!is_plain_id(id))
            return cri::PodSandbox();
        cri::ListPodSandboxRequest request;
        request.mutable_filter()->set_id(id);
        auto answer = call(&Stub::ListPodSandbox, request);
        if (!answer)
            return forward_error(answer);
        for (cri::PodSandbox& one : *answer->mutable_items()) {
            if (one.id() == id)
                return std::move(one);
        }
        return cri::PodSandbox();
    }

    template <typename Request, typename Answer>
    Result<Answer> call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Answer*),
                        const Request& request) {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + kRuntimePatience);
        Answer answer;
        const grpc::Status status = (stub_.get()->*method)(&context, request, &answer);
        if (status.ok())
            return answer;
        if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED)
            return fail(ErrorCode::kUnsupported, "'{}' has no CRI (runtime.v1)", socket_);
        return fail(ErrorCode::kUnavailable, "'{}' does not answer as a container runtime: {}",
                    socket_, bounded(status.error_message()));
    }

    std::string socket_;
    std::unique_ptr<Stub> stub_;
    std::string name_;
    std::string version_;
};

}  // namespace

Result<std::unique_ptr<ContainerRuntime>> open_cri_runtime(const std::string& socket) {
    auto fd = connect_runtime(socket);
    if (!fd)
        return forward_error(fd);
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMaxMessage);
    // gRPC owns the descriptor from here on; a connection that breaks is not made again.
    auto runtime = std::make_unique<CriRuntime>(
        socket, grpc::CreateCustomInsecureChannelFromFd("localhost", fd->release(), arguments));
    if (auto version = runtime->ask_version(); !version)
        return forward_error(version);
    return std::unique_ptr<ContainerRuntime>(std::move(runtime));
}

}  // namespace vedette::probe
