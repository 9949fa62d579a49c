// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/ondemand_point.h"

#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {

std::string_view system_call_of(const OnDemandPoint& point) {
    constexpr std::string_view kPrefix = "syscall:";
    const std::string_view name = point.name;
    return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : std::string_view();
}

std::vector<OnDemandPoint> read_points(const v1::FilterPlan& message) {
    std::vector<OnDemandPoint> points;
    for (const v1::OnDemandPoint& point : message.points())
        points.push_back({point.name(), point.strings()});
    return points;
}

}  // namespace vedette::probe
