// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/command_service.h"

#include <grpcpp/grpcpp.h>

#include "vedette/v1/command.grpc.pb.h"

namespace vedette::probe {
namespace {

class CommandService final : public v1::Command::CallbackService {
   public:
    explicit CommandService(StatusProvider status) : status_(std::move(status)) {}

    grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                        const v1::GetStatusRequest* /*request*/,
                                        v1::ProbeStatus* response) override {
        auto* reactor = context->DefaultReactor();
        // Request, response and reactor live until Finish, also when the agent has hung up.
        status_(*response, [reactor](bool ok) {
            reactor->Finish(
                ok ? grpc::Status::OK
                   : grpc::Status(grpc::StatusCode::UNAVAILABLE, "the probe is stopping"));
        });
        return reactor;
    }

   private:
    StatusProvider status_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_command_service(StatusProvider status) {
    return std::make_unique<CommandService>(std::move(status));
}

}  // namespace vedette::probe
