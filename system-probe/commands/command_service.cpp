// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/command_service.h"

#include <utility>

#include "system-probe/stream/typed_call.h"

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

using Done = std::function<void(grpc::Status)>;

std::function<void(Result<std::string>)> with_file_name(std::string* name, const Done& done) {
    return [name, done](Result<std::string> path) {
        if (path)
            *name = *path;
        done(path ? grpc::Status::OK : status_of(path.error()));
    };
}

/// `part`: where the answer has what the response is.
template <typename Request, typename Response>
Route passed_on(const char* method, const CommandHandlers& handlers, v1::Question::Kind kind,
                bool (v1::Answer::*has)() const, Response* (v1::Answer::*part)()) {
    return unary_route<Request, Response>(
        method, [=](const Request& /*request*/, Response& response, const Done& done) {
            handlers.ask_agent(kind, [=, &response](Result<v1::Answer> answer) {
                if (!answer)
                    return done(status_of(answer.error()));
                if (!((*answer).*has)())
                    return done({grpc::StatusCode::UNIMPLEMENTED, "the agent does not know how"});
                response.Swap(((*answer).*part)());
                done(grpc::Status::OK);
            });
        });
}

}  // namespace

std::vector<Route> command_routes(const CommandHandlers& handlers) {
    std::vector<Route> routes;
    routes.push_back(unary_route<v1::GetStatusRequest, v1::ProbeStatus>(
        "/vedette.v1.Command/GetStatus",
        [=](const v1::GetStatusRequest& /*request*/, v1::ProbeStatus& response, const Done& done) {
            handlers.status(response, [done](bool ok) {
                done(ok ? grpc::Status::OK
                        : grpc::Status(grpc::StatusCode::UNAVAILABLE, "the probe is stopping"));
            });
        }));
    routes.push_back(unary_route<v1::GetConfigRequest, v1::ProbeConfig>(
        "/vedette.v1.Command/GetConfig",
        [=](const v1::GetConfigRequest& /*request*/, v1::ProbeConfig& response, const Done& done) {
            handlers.config(response);
            done(grpc::Status::OK);
        }));
    routes.push_back(unary_route<v1::DumpProcessCacheRequest, v1::DumpProcessCacheResponse>(
        "/vedette.v1.Command/DumpProcessCache",
        [=](const v1::DumpProcessCacheRequest& request, v1::DumpProcessCacheResponse& response,
            const Done& done) {
            handlers.dump_processes(request, with_file_name(response.mutable_filename(), done));
        }));
    routes.push_back(unary_route<v1::DumpDiscardersRequest, v1::DumpDiscardersResponse>(
        "/vedette.v1.Command/DumpDiscarders",
        [=](const v1::DumpDiscardersRequest& /*request*/, v1::DumpDiscardersResponse& response,
            const Done& done) {
            handlers.dump_discarders(with_file_name(response.mutable_filename(), done));
        }));
    routes.push_back(unary_route<v1::DumpNetworkNamespaceRequest, v1::DumpNetworkNamespaceResponse>(
        "/vedette.v1.Command/DumpNetworkNamespace",
        [=](const v1::DumpNetworkNamespaceRequest& request,
            v1::DumpNetworkNamespaceResponse& response, const Done& done) {
            handlers.dump_networks(request, [done, &response](Result<NetworkFilenames> files) {
                if (files) {
                    response.set_dump_filename(files->dump);
                    response.set_graph_filename(files->graph);
                } else {
                    response.set_error(files.error().message);
                }
                done(grpc::Status::OK);
            });
        }));
    routes.push_back(passed_on<v1::RunSelfTestRequest, v1::SelfTestResult>(
        "/vedette.v1.Command/RunSelfTest", handlers, v1::Question::KIND_SELF_TEST,
        &v1::Answer::has_self_test, &v1::Answer::mutable_self_test));
    routes.push_back(passed_on<v1::ReloadPoliciesRequest, v1::ReloadPoliciesResult>(
        "/vedette.v1.Command/ReloadPolicies", handlers, v1::Question::KIND_RELOAD_POLICIES,
        &v1::Answer::has_reload_policies, &v1::Answer::mutable_reload_policies));
    routes.push_back(passed_on<v1::GetRuleSetReportRequest, v1::RuleSetReport>(
        "/vedette.v1.Command/GetRuleSetReport", handlers, v1::Question::KIND_RULE_SET_REPORT,
        &v1::Answer::has_rule_set_report, &v1::Answer::mutable_rule_set_report));
    return routes;
}

}  // namespace vedette::probe
