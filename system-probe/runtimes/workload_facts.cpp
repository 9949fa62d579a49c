// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/workload_facts.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace vedette::probe {
namespace {

constexpr size_t kMaxId = 128;

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_id(std::string_view reference) {
    if (reference.starts_with("sha256:"))
        return true;
    return reference.size() == 64 && std::ranges::all_of(reference, is_hex);
}

void set_part(std::string& part, std::string_view text) {
    if (!text.empty())
        part = bounded(text);
}

/// The number of `digits` digits at the front, which it removes; -1 when there is none.
int take_number(std::string_view& text, size_t digits) {
    if (text.size() < digits || !std::all_of(text.begin(), text.begin() + digits, is_digit))
        return -1;
    int value = 0;
    std::from_chars(text.data(), text.data() + digits, value);
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected)
        return false;
    text.remove_prefix(1);
    return true;
}

/// ".123456789", or nothing.
int64_t take_fraction(std::string_view& text) {
    if (!take(text, '.'))
        return 0;
    int64_t value = 0;
    int64_t unit = 100'000'000;
    while (!text.empty() && is_digit(text.front())) {
        value += (text.front() - '0') * unit;
        unit /= 10;
        text.remove_prefix(1);
    }
    return value;
}

/// "Z", "+02:00"; nothing counts as Z.
std::chrono::minutes take_zone(std::string_view& text) {
    const bool east = text.starts_with('+');
    if (!east && !text.starts_with('-'))
        return {};
    text.remove_prefix(1);
    const int hours = take_number(text, 2);
    const int minutes = take(text, ':') ? take_number(text, 2) : 0;
    const auto offset = std::chrono::minutes(std::max(hours, 0) * 60 + std::max(minutes, 0));
    return east ? offset : -offset;
}

}  // namespace

std::string bounded(std::string_view text) {
    return std::string(text.substr(0, kMaxName));
}

void set_image(v1::ContainerImage& image, std::string_view reference) {
    if (is_id(reference))
        return set_part(*image.mutable_id(), reference);
    if (const size_t at = reference.find('@'); at != reference.npos) {
        set_part(*image.mutable_digest(), reference.substr(at + 1));
        reference = reference.substr(0, at);
    }
    const size_t slash = reference.rfind('/');
    const size_t colon = reference.rfind(':');
    // A colon before the last slash belongs to the registry's port.
    if (colon != reference.npos && (slash == reference.npos || colon > slash)) {
        set_part(*image.mutable_tag(), reference.substr(colon + 1));
        reference = reference.substr(0, colon);
    } else if (image.digest().empty() && image.tag().empty() && !reference.empty()) {
        image.set_tag("latest");
    }
    set_part(*image.mutable_name(), reference);
}

void add_label(google::protobuf::RepeatedPtrField<v1::Label>& labels, std::string_view key,
               std::string_view value) {
    size_t bytes = key.size() + std::min(value.size(), kMaxName);
    for (const v1::Label& label : labels)
        bytes += label.key().size() + label.value().size();
    if (key.empty() || key.size() > kMaxName || labels.size() >= kMaxLabels ||
        bytes > kMaxLabelBytes)
        return;
    v1::Label& label = *labels.Add();
    label.set_key(std::string(key));
    label.set_value(bounded(value));
}

std::string_view find_label(const google::protobuf::RepeatedPtrField<v1::Label>& labels,
                            std::string_view key) {
    const auto found = std::ranges::find(labels, key, &v1::Label::key);
    return found == labels.end() ? std::string_view() : std::string_view(found->value());
}

void add_kubernetes_labels(v1::Workload& workload) {
    const auto label = [&workload](std::string_view key) {
        return bounded(find_label(workload.labels(), key));
    };
    const std::string pod = label("io.kubernetes.pod.name");
    if (pod.empty())
        return;
    v1::Pod& out = *workload.mutable_pod();
    if (out.name().empty())
        out.set_name(pod);
    if (out.namespace_().empty())
        out.set_namespace_(label("io.kubernetes.pod.namespace"));
    if (out.uid().empty())
        out.set_uid(label("io.kubernetes.pod.uid"));
    if (const std::string name = label("io.kubernetes.container.name");
        !name.empty() && name != "POD")
        workload.set_name(name);
    else if (name == "POD" || label("io.kubernetes.docker.type") == "podsandbox")
        workload.set_pause(true);
}

uint64_t parse_time(std::string_view text) {
    const int year = take_number(text, 4);
    const int month = take(text, '-') ? take_number(text, 2) : -1;
    const int day = take(text, '-') ? take_number(text, 2) : -1;
    const int hour = take(text, 'T') ? take_number(text, 2) : -1;
    const int minute = take(text, ':') ? take_number(text, 2) : -1;
    const int second = take(text, ':') ? take_number(text, 2) : -1;
    if (year < 1970 || year > 2500 || month < 1 || day < 1 || hour < 0 || minute < 0 || second < 0)
        return 0;
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok())
        return 0;
    const int64_t fraction = take_fraction(text);
    const auto time = std::chrono::sys_days(date) + std::chrono::hours(hour) +
                      std::chrono::minutes(minute) + std::chrono::seconds(second) - take_zone(text);
    const int64_t seconds =
        std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
    return seconds < 0 ? 0 : static_cast<uint64_t>(seconds) * 1'000'000'000 + fraction;
}

bool is_plain_id(std::string_view id) {
    return !id.empty() && id.size() <= kMaxId &&
           std::ranges::all_of(id, [](char c) { return is_hex(c) || c == '-'; });
}

}  // namespace vedette::probe
