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

    grpc::ServerUnaryReactor* RunSelfTest(grpc::CallbackServerContext* context,
                                          const v1::RunSelfTestRequest* /*request*/,
                                          v1::SelfTestResult* response) override {
        return ask(context, v1::Question::KIND_SELF_TEST, [response](v1::Answer& answer) {
            return answer.has_self_test() && (response->Swap(answer.mutable_self_test()), true);
        });
    }

    grpc::ServerUnaryReactor* ReloadPolicies(grpc::CallbackServerContext* context,
                                             const v1::ReloadPoliciesRequest* /*request*/,
                                             v1::ReloadPoliciesResult* response) override {
        return ask(context, v1::Question::KIND_RELOAD_POLICIES, [response](v1::Answer& answer) {
            return answer.has_reload_policies() &&
                   (response->Swap(answer.mutable_reload_policies()), true);
        });
    }

    grpc::ServerUnaryReactor* GetRuleSetReport(grpc::CallbackServerContext* context,
                                               const v1::GetRuleSetReportRequest* /*request*/,
                                               v1::RuleSetReport* response) override {
        return ask(context, v1::Question::KIND_RULE_SET_REPORT, [response](v1::Answer& answer) {
            return answer.has_rule_set_report() &&
                   (response->Swap(answer.mutable_rule_set_report()), true);
        });
    }

    grpc::ServerUnaryReactor* DumpNetworkNamespace(
        grpc::CallbackServerContext* context, const v1::DumpNetworkNamespaceRequest* request,
        v1::DumpNetworkNamespaceResponse* response) override {
        auto* reactor = context->DefaultReactor();
        handlers_.dump_networks(*request, [reactor, response](Result<NetworkFilenames> files) {
            if (files) {
                response->set_dump_filename(files->dump);
                response->set_graph_filename(files->graph);
            } else {
                response->set_error(files.error().message);
            }
            reactor->Finish(grpc::Status::OK);
        });
        return reactor;
    }

    grpc::ServerUnaryReactor* DumpDiscarders(grpc::CallbackServerContext* context,
                                             const v1::DumpDiscardersRequest* /*request*/,
                                             v1::DumpDiscardersResponse* response) override {
        auto* reactor = context->DefaultReactor();
        handlers_.dump_discarders([reactor, response](Result<std::string> path) {
            if (path)
                response->set_filename(*path);
            reactor->Finish(path ? grpc::Status::OK : status_of(path.error()));
        });
        return reactor;
    }

   private:
    /// `take`: moves the answer into the response; false when it is not the one to this question.
    template <typename Take>
    grpc::ServerUnaryReactor* ask(grpc::CallbackServerContext* context, v1::Question::Kind kind,
                                  Take take) {
        auto* reactor = context->DefaultReactor();
        handlers_.ask_agent(kind, [reactor, take](Result<v1::Answer> answer) {
            if (!answer)
                reactor->Finish(status_of(answer.error()));
            else if (!take(*answer))
                reactor->Finish({grpc::StatusCode::UNIMPLEMENTED, "the agent does not know how"});
            else
                reactor->Finish(grpc::Status::OK);
        });
        return reactor;
    }

    CommandHandlers handlers_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_command_service(CommandHandlers handlers) {
    return std::make_unique<CommandService>(std::move(handlers));
}

}  // namespace vedette::probe
