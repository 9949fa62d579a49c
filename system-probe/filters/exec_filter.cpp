// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/exec_filter.h"

#include <algorithm>
#include <utility>

#include "bpf/abi/records.h"
#include "common/path_elements.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {
namespace {

/// The process before it that is not an earlier image of itself: what rules call its parent.
const Image* parent_process(const Image& image) {
    const Image* at = image.parent;
    while (at != nullptr && at->process_key == image.process_key)
        at = at->parent;
    return at;
}

bool is_placeholder(const Image& image) {
    return image.source == v1::ProcessNode::SOURCE_PLACEHOLDER;
}

/// Without argv0.
std::string_view arguments(const Program& program) {
    const std::string_view argv = program.argv;
    const size_t end = argv.find('\0');
    return end == std::string_view::npos ? std::string_view() : argv.substr(end + 1);
}

/// As rules read them.
std::string joined(std::string_view strings) {
    if (strings.ends_with('\0'))
        strings.remove_suffix(1);
    std::string out(strings);
    std::ranges::replace(out, '\0', ' ');
    return out;
}

template <typename Test>
bool any_string(std::string_view strings, Test test) {
    bool any = false;
    for_each_string(strings, [&](std::string_view text) { any = any || test(text); });
    return any;
}

}  // namespace

bool ExecFilter::Files::add(const v1::Approver& approver) {
    switch (approver.kind()) {
        case v1::Approver::KIND_BASENAME:
            names.insert(approver.text());
            return true;
        case v1::Approver::KIND_BASENAME_PREFIX:
            beginnings.push_back(approver.text());
            return true;
        case v1::Approver::KIND_BASENAME_SUFFIX:
            ends.push_back(approver.text());
            return true;
        case v1::Approver::KIND_PARENT:
            directories.insert(approver.text());
            return true;
        case v1::Approver::KIND_PATH_PREFIX:
            paths.push_back(approver.text());
            return true;
        default:
            return false;
    }
}

bool ExecFilter::Files::empty() const {
    return names.empty() && beginnings.empty() && ends.empty() && directories.empty() &&
           paths.empty();
}

bool ExecFilter::Files::match(const v1::File& file) const {
    // By these it is known, too, and they are not looked at here.
    if (!file.mount_path().empty() || file.symlink_paths_size() > 0)
        return true;
    const std::string_view path = file.path();
    const std::string_view name = file.name().empty() ? last_element(path) : file.name();
    const auto begins = [](std::string_view text) {
        return [text](const std::string& with) { return text.starts_with(with); };
    };
    return names.contains(name) || std::ranges::any_of(beginnings, begins(name)) ||
           std::ranges::any_of(ends,
                               [name](const std::string& end) { return name.ends_with(end); }) ||
           std::ranges::any_of(paths, begins(path)) ||
           (!directories.empty() && directories.contains(parent_element(path)));
}

bool ExecFilter::Words::add(const v1::Approver& approver) {
    if (approver.kind() == v1::Approver::KIND_CONTAINS)
        return pieces.add(approver.text());
    if (approver.kind() != v1::Approver::KIND_TEXT)
        return false;
    whole.insert(approver.text());
    return true;
}

bool ExecFilter::Words::match(std::string_view text) const {
    return pieces.any_in(text) || whole.contains(text);
}

bool ExecFilter::add(const v1::Approver& approver) {
    const std::string& field = approver.field();
    if (field == "exec.file.path" || field == "exec.file.name")
        return file_.add(approver);
    if (field == "process.parent.file.path" || field == "process.parent.file.name")
        return parent_.add(approver);
    const std::pair<const char*, Words*> words[] = {{"exec.args", &args_},
                                                    {"exec.argv", &argv_},
                                                    {"exec.argv0", &argv0_},
                                                    {"exec.envp", &envp_},
                                                    {"exec.envs", &envs_}};
    for (const auto& [name, of] : words) {
        if (field == name)
            return of->add(approver);
    }
    return false;
}

std::optional<ExecFilter> ExecFilter::of(const v1::TypeFilter& message) {
    if (!message.deny())
        return std::nullopt;
    std::optional<ExecFilter> filter(std::in_place);
    for (const v1::Approver& approver : message.approvers()) {
        if (approver.text().empty() || !filter->add(approver))
            return std::nullopt;
    }
    return filter;
}

bool ExecFilter::passes(const Image& image) const {
    if (image.program == nullptr)
        return true;
    const Program& program = *image.program;
    if ((!file_.empty() && file_.match(program.file)) || match_arguments(program) ||
        match_environment(program))
        return true;
    if (parent_.empty())
        return false;
    const Image* parent = parent_process(image);
    return parent != nullptr && parent->program != nullptr && parent_.match(parent->program->file);
}

bool ExecFilter::match_arguments(const Program& program) const {
    const std::string_view strings = arguments(program);
    return (!args_.empty() && args_.match(joined(strings))) ||
           (!argv_.empty() &&
            any_string(strings, [this](std::string_view one) { return argv_.match(one); })) ||
           (!argv0_.empty() &&
            argv0_.match(std::string_view(program.argv).substr(0, program.argv.find('\0'))));
}

bool ExecFilter::match_environment(const Program& program) const {
    return (!envp_.empty() &&
            any_string(program.envp, [this](std::string_view one) { return envp_.match(one); })) ||
           (!envs_.empty() && any_string(program.env_names, [this](std::string_view one) {
               return envs_.match(one);
           }));
}

bool has_abnormal_path(const Image& image) {
    constexpr uint32_t kNoPathByNature =
        VDT_FILE_NO_INODE | VDT_FILE_DETACHED | VDT_FILE_UNREACHABLE | VDT_FILE_MEMFD;
    const Program* program = image.program.get();
    return program != nullptr && (program->file.flags() & kNoPathByNature) == 0 &&
           !program->file.path_error().empty();
}

bool is_unsound(const Image& image) {
    const Image* parent = image.parent;
    const bool orphan = parent == nullptr && image.ppid != 0 && !image.is_kthread;
    return orphan || is_placeholder(image) || image.lineage_dropped > 0 ||
           (parent != nullptr && is_placeholder(*parent)) || has_abnormal_path(image);
}

}  // namespace vedette::probe
