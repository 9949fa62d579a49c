// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/command_service.h"

#include <grpcpp/grpcpp.h>

#include "vedette/v1/command.grpc.pb.h"

namespace vedette::probe {
namespace {

grpc::Status status_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::kLimit:
            return {grpc::StatusCode::RESOURCE_EXHAUSTED, error.message};
        case ErrorCode::kUnavailable:
            return {grpc::StatusCode::UNAVAILABLE, error.message};
        default:
            return {grpc::StatusCode::INTERNAL, error.message};
    }
}

// Request, response and reactor of a call live until Finish, also when the caller has hung up.
class CommandService final : public v1::Command::CallbackService {
   public:
    explicit CommandService(CommandHandlers handlers) : handlers_(std::move(handlers)) {}

    grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                        const v1::GetStatusRequest* /*request*/,
                                        v1::ProbeStatus* response) override {
        auto* reactor = context->DefaultReactor();
        handlers_.status(*response, [reactor](bool ok) {
            reactor->Finish(
                ok ? grpc::Status::OK
                   : grpc::Status(grpc::StatusCode::UNAVAILABLE, "the probe is stopping"));
        });
        return reactor;
    }

    grpc::ServerUnaryReactor* GetConfig(grpc::CallbackServerContext* context,
                                        const v1::GetConfigRequest* /*request*/,
                                        v1::ProbeConfig* response) override {
        auto* reactor = context->DefaultReactor();
        handlers_.config(*response);
        reactor->Finish(grpc::Status::OK);
        return reactor;
    }

    grpc::ServerUnaryReactor* DumpProcessCache(grpc::CallbackServerContext* context,
                                               const v1::DumpProcessCacheRequest* request,
                                               v1::DumpProcessCacheResponse* response) override {
        auto* reactor = context->DefaultReactor();
        handlers_.dump_processes(*request, [reactor, response](Result<std::string> path) {
            if (path)
                response->set_filename(*path);
            reactor->Finish(path ? grpc::Status::OK : status_of(path.error()));
        });
        return reactor;
    }

   private:
    CommandHandlers handlers_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_command_service(CommandHandlers handlers) {
    return std::make_unique<CommandService>(std::move(handlers));
}

}  // namespace vedette::probe
