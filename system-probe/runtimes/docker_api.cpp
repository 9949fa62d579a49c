// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/docker_api.h"

#include <fmt/format.h>

#include <utility>

#include "system-probe/runtimes/workload_facts.h"

namespace vedette::probe {
namespace {

constexpr unsigned kOk = 200;
constexpr unsigned kNotFound = 404;
constexpr const char* kPodmanHeader = "libpod-api-version";

class DockerRuntime final : public ContainerRuntime {
   public:
    DockerRuntime(std::string socket, const HttpAnswer& ping) : socket_(std::move(socket)) {
        const auto podman = ping.headers.find(kPodmanHeader);
        const auto docker = ping.headers.find("api-version");
        is_podman_ = podman != ping.headers.end();
        if (is_podman_)
            version_ = bounded(podman->second);
        else if (docker != ping.headers.end())
            version_ = bounded(docker->second);
        name_ = is_podman_ ? "podman" : "docker";
        // Podman's own calls have a version in their path, and take every older one.
        prefix_ = is_podman_ ? "/v4.0.0/libpod" : "";
    }

    const std::string& name() const override { return name_; }
    const std::string& version() const override { return version_; }

    Result<std::vector<std::string>> list() override {
        auto answer = get(prefix_ + "/containers/json");
        if (!answer)
            return forward_error(answer);
        return parse_container_list(answer->body);
    }

    Result<std::optional<v1::Workload>> find(const std::string& id) override {
        using Found = std::optional<v1::Workload>;
        if (!is_plain_id(id))
            return Found();
        auto answer = http_get(socket_, fmt::format("{}/containers/{}/json", prefix_, id),
                               {.patience = kRuntimePatience});
        if (!answer && !is_about_one(answer.error()))
            return forward_error(answer);
        if (!answer || answer->status != kOk)
            return Found();
        auto workload = parse_container(answer->body, name_);
        if (!workload || workload->container_id() != id)  // part of an id names a container, too
            return Found();
        if (is_podman_)
            add_pod(*workload);
        else if (workload->image().digest().empty())
            add_digest(*workload->mutable_image());
        return Found(std::move(*workload));
    }

   private:
    /// What one container's description is too much for says nothing of the others; whoever makes an image says how large
    /// it is.
    static bool is_about_one(const Error& error) {
        return error.code == ErrorCode::kLimit || error.code == ErrorCode::kInvalid;
    }

    /// Errors: kNotFound for 404.
    Result<HttpAnswer> get(const std::string& target) {
        auto answer = http_get(socket_, target, {.patience = kRuntimePatience});
        if (!answer || answer->status == kOk)
            return answer;
        return fail(answer->status == kNotFound ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                    "'{}' answers {} to {}", socket_, answer->status, target);
    }

    /// It is worth having and no reason to do without the rest; so is the digest.
    void add_pod(v1::Workload& workload) {
        if (!workload.has_pod() || !is_plain_id(workload.pod().id()))
            return;
        const auto answer = get(fmt::format("{}/pods/{}/json", prefix_, workload.pod().id()));
        auto pod = answer ? parse_pod(answer->body) : Result<v1::Pod>(v1::Pod());
        if (pod)
            workload.mutable_pod()->MergeFrom(*pod);
    }

    void add_digest(v1::ContainerImage& image) {
        std::string_view id = image.id();
        id.remove_prefix(id.starts_with("sha256:") ? 7 : 0);
        if (!is_plain_id(id))
            return;
        if (const auto answer = get(fmt::format("/images/{}/json", id)))
            image.set_digest(parse_image_digest(answer->body, image.name()));
    }

    std::string socket_;
    std::string name_;
    std::string version_;
    std::string prefix_;
    bool is_podman_ = false;
};

}  // namespace

std::unique_ptr<ContainerRuntime> make_docker_runtime(std::string socket, const HttpAnswer& ping) {
    return std::make_unique<DockerRuntime>(std::move(socket), ping);
}

}  // namespace vedette::probe
