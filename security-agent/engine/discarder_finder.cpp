// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/discarder_finder.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "bpf/abi/programs.h"
#include "security-agent/secl/refute.h"

namespace vedette::engine {
namespace {

constexpr size_t kSeen = 4096;  // a power of two

/// The one file of an event whose path may be discarded; null: it has none, or two.
const v1::File* file_of(const v1::Event& event) {
    switch (event.payload_case()) {
        case v1::Event::kOpen:
            return &event.open().file();
        case v1::Event::kChmod:
            return &event.chmod().file();
        case v1::Event::kChown:
            return &event.chown().file();
        case v1::Event::kMkdir:
            return &event.mkdir().file();
        case v1::Event::kRmdir:
            return &event.rmdir().file();
        case v1::Event::kUnlink:
            return &event.unlink().file();
        case v1::Event::kUtimes:
            return &event.utimes().file();
        case v1::Event::kSetxattr:
            return &event.setxattr().file();
        case v1::Event::kRemovexattr:
            return &event.removexattr().file();
        case v1::Event::kChdir:
            return &event.chdir().file();
        case v1::Event::kMmap:
            return &event.mmap().file();
        case v1::Event::kSplice:
            return &event.splice().file();
        default:
            return nullptr;
    }
}

/// As the kernel programs do: what has no path of the kernel's own is never discarded by it, and on overlayfs the rule's
/// path may be another one.
bool is_discardable(const v1::File& file) {
    constexpr uint32_t kUnsound =
        VDT_FILE_NO_INODE | VDT_FILE_TRUNCATED | VDT_FILE_MEMFD | VDT_FILE_UPPER | VDT_FILE_LOWER;
    return !(file.flags() & kUnsound) && file.filesystem() != "overlay" && file.name().empty() &&
           file.path().starts_with('/') && file.path().size() <= VDT_DISCARDER_TEXT;
}

/// Events of these types make and keep the process tree, or are not looked at for discarders in the kernel.
bool has_auid_discarders(const v1::Event& event) {
    switch (event.payload_case()) {
        case v1::Event::kRename:
        case v1::Event::kLink:
        case v1::Event::kMprotect:
        case v1::Event::kBpf:
        case v1::Event::kSysctl:
        case v1::Event::kConnect:
        case v1::Event::kBind:
        case v1::Event::kAccept:
        case v1::Event::kSocket:
        case v1::Event::kSetsockopt:
        case v1::Event::kPrctl:
        case v1::Event::kUnshare:
        case v1::Event::kSignal:
        case v1::Event::kPtrace:
        case v1::Event::kSetrlimit:
        case v1::Event::kLoadModule:
        case v1::Event::kUnloadModule:
            return true;
        default:
            return file_of(event) != nullptr;
    }
}

using Known = std::function<secl::Truth(const secl::Test&)>;

bool none_can_match(const std::vector<const secl::BoundRule*>& rules, const Known& known) {
    return std::all_of(rules.begin(), rules.end(), [&](const secl::BoundRule* rule) {
        return secl::evaluate_known(rule->condition, known) == secl::Truth::kFalse;
    });
}

bool none_can_match(const std::vector<const secl::BoundRule*>& rules,
                    const secl::EvalContext& context,
                    const std::function<bool(std::string_view)>& is_known) {
    return none_can_match(
        rules, [&](const secl::Test& test) { return secl::known_test(test, context, is_known); });
}

uint64_t hash_of(std::string_view text) {
    return std::hash<std::string_view>()(text);
}

/// Far from that of any other number, and of texts.
uint64_t hash_of(uint32_t number) {
    return (number + 1) * 0x9e3779b97f4a7c15U;
}

/// "/a/b" of "/a/b/c"; "" of "/a".
std::string_view parent_of(std::string_view path) {
    return path.substr(0, path.rfind('/'));
}

}  // namespace

DiscarderFinder::DiscarderFinder(Send send, Metrics& metrics)
    : send_(std::move(send)),
      sent_total_(metrics.counter("vedette_agent_discarders_total",
                                  "Values with which no rule can match, told to the probe.")),
      seen_(send_ ? kSeen : 0) {}

void DiscarderFinder::take_rules(const policy::CompiledPolicies& policies) {
    rules_.clear();
    for (const secl::NumberedRule& rule : policies.bound)
        rules_[rule.rule.event].push_back(&rule.rule);
    std::fill(seen_.begin(), seen_.end(), Seen());
    found_.Clear();
}

void DiscarderFinder::take_revisions(uint64_t wanted, uint64_t in_force) {
    if (wanted_ == wanted && in_force_ == in_force)
        return;
    wanted_ = wanted;
    in_force_ = in_force;
    std::fill(seen_.begin(), seen_.end(), Seen());
    found_.Clear();
}

/// `value`: its hash.
bool DiscarderFinder::is_due(uint32_t event, uint64_t value, int64_t now_ns) {
    const uint64_t hash = value * 31 + event;
    Seen& seen = seen_[(hash ^ hash >> 32) & (kSeen - 1)];
    if (seen.hash != hash) {
        seen = {hash, 0};
        return false;
    }
    if (seen.tried_ns != 0 && now_ns - seen.tried_ns < kWindowNs)
        return false;
    seen.tried_ns = now_ns;
    return true;
}

void DiscarderFinder::unmatched(const EventSubject& subject, int64_t now_ns) {
    if (!active())
        return;
    if (now_ns - window_ns_ >= kWindowNs) {
        window_ns_ = now_ns;
        sent_ = 0;
        tried_ = 0;
    }
    if (sent_ >= kMaxSent || tried_ >= kMaxTried)
        return;
    const auto rules = rules_.find(subject.type().id);
    if (rules == rules_.end())
        return;
    const v1::Event& event = subject.event();
    const auto number = static_cast<uint32_t>(event.payload_case());
    const v1::File* file = file_of(event);
    if (file != nullptr && is_discardable(*file) && is_due(number, hash_of(file->path()), now_ns))
        try_path(rules->second, subject, *file);
    const std::string& name = event.prctl().new_name();
    if (!name.empty() && is_due(number, hash_of(name), now_ns))
        try_name(rules->second, subject, name);
    // The process of the kernel's thread may be one that nobody knows here: then its login uid is not known, either.
    if (has_auid_discarders(event) && subject.known_process() &&
        is_due(number, hash_of(subject.process().credentials().auid()), now_ns))
        try_auid(rules->second, subject);
}

void DiscarderFinder::try_path(const Rules& rules, const EventSubject& subject,
                               const v1::File& file) {
    ++tried_;
    const std::string prefix = std::string(subject.type().name) + ".file.";
    const std::string path_field = prefix + "path";
    const bool refuted = none_can_match(rules, subject.context(), [&](std::string_view field) {
        return field == path_field || field == prefix + "name" || field == prefix + "extension";
    });
    if (!refuted)
        return;
    std::string_view path = file.path();
    v1::Discarder& found = add(v1::Discarder::KIND_PATH, subject);
    found.set_text(std::string(path));
    found.set_inode(file.inode());
    found.set_mount_id(file.mount_id());
    // Of the directories above that the kernel looks at the highest one of which it can be said: it stands for the most.
    for (int i = 0; i < VDT_DISCARDER_PARENTS; ++i) {
        path = parent_of(path);
        if (path.empty())
            break;
        const bool below = none_can_match(rules, [&](const secl::Test& test) {
            return secl::test_below(test, path, path_field);
        });
        if (!below)
            break;
        found.set_kind(v1::Discarder::KIND_PARENT);
        found.set_text(std::string(path));
    }
}

void DiscarderFinder::try_name(const Rules& rules, const EventSubject& subject,
                               std::string_view name) {
    ++tried_;
    if (none_can_match(rules, subject.context(),
                       [](std::string_view field) { return field == "prctl.new_name"; }))
        add(v1::Discarder::KIND_NAME, subject).set_text(std::string(name));
}

void DiscarderFinder::try_auid(const Rules& rules, const EventSubject& subject) {
    ++tried_;
    if (none_can_match(rules, subject.context(),
                       [](std::string_view field) { return field == "process.auid"; }))
        add(v1::Discarder::KIND_AUID, subject).set_auid(subject.process().credentials().auid());
}

v1::Discarder& DiscarderFinder::add(v1::Discarder::Kind kind, const EventSubject& subject) {
    ++sent_;
    v1::Discarder& out = *found_.add_discarders();
    out.set_kind(kind);
    out.set_event_type(static_cast<uint32_t>(subject.event().payload_case()));
    return out;
}

void DiscarderFinder::flush() {
    if (found_.discarders_size() == 0)
        return;
    found_.set_revision(in_force_);
    sent_total_.Increment(found_.discarders_size());
    send_(found_);
    found_.Clear();
}

}  // namespace vedette::engine
