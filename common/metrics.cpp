// SPDX-License-Identifier: Apache-2.0
#include "common/metrics.h"

#include <fmt/format.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>

namespace vedette {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::string label_text(const ClientMetric& metric) {
    std::string text;
    for (const auto& label : metric.label) {
        if (!text.empty())
            text += ',';
        text += label.name + '=' + label.value;
    }
    return text;
}

/// JSON knows no infinity; counters are whole numbers to whoever reads them.
boost::json::value number(double value) {
    if (!std::isfinite(value))
        return nullptr;
    if (value == std::floor(value) && std::abs(value) < 9e15)
        return static_cast<int64_t>(value);
    return value;
}

boost::json::value to_json(MetricType type, const ClientMetric& metric) {
    switch (type) {
        case MetricType::Counter:
            return number(metric.counter.value);
        case MetricType::Gauge:
            return number(metric.gauge.value);
        case MetricType::Histogram:
            break;
        default:
            return nullptr;
    }
    boost::json::object buckets;
    for (const auto& bucket : metric.histogram.bucket)
        buckets[fmt::format("{}", bucket.upper_bound)] =
            static_cast<int64_t>(bucket.cumulative_count);
    return boost::json::object{{"count", static_cast<int64_t>(metric.histogram.sample_count)},
                               {"sum", number(metric.histogram.sample_sum)},
                               {"buckets", std::move(buckets)}};
}

/// The registry hands families and metrics out in no order: readers and golden files want one.
std::vector<MetricFamily> sorted(std::vector<MetricFamily> families) {
    std::sort(families.begin(), families.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    for (auto& family : families)
        std::sort(family.metric.begin(), family.metric.end(),
                  [](const auto& a, const auto& b) { return label_text(a) < label_text(b); });
    return families;
}

}  // namespace

struct Metrics::Impl {
    prometheus::Registry registry;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels);
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels);
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                              const std::vector<double>& bounds, const Labels& labels) {
    return prometheus::BuildHistogram()
        .Name(name)
        .Help(help)
        .Register(impl_->registry)
        .Add(labels, bounds);
}

std::string Metrics::prometheus_text() const {
    return prometheus::TextSerializer().Serialize(sorted(impl_->registry.Collect()));
}

boost::json::object Metrics::expvar() const {
    boost::json::object document;
    for (const auto& family : sorted(impl_->registry.Collect())) {
        if (family.metric.size() == 1 && family.metric.front().label.empty()) {
            document[family.name] = to_json(family.type, family.metric.front());
            continue;
        }
        boost::json::object by_label;
        for (const auto& metric : family.metric)
            by_label[label_text(metric)] = to_json(family.type, metric);
        document[family.name] = std::move(by_label);
    }
    return document;
}

}  // namespace vedette
