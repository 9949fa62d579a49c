// SPDX-License-Identifier: Apache-2.0
//
// The one metric registry of a process: created in app/, handed down, rendered as Prometheus text and as
// expvar JSON. Names are Prometheus names ("vedette_agent_alerts_total"); a counter ends in _total.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <boost/json/fwd.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vedette {

using Labels = std::map<std::string, std::string>;
using Counter = prometheus::Counter;
using Gauge = prometheus::Gauge;
using Histogram = prometheus::Histogram;

/// Thread-safe. What it hands out lives as long as the registry; the same name and labels give the same object.
class Metrics {
   public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
    Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
    /// `bounds`: upper bounds of the buckets, ascending.
    Histogram& histogram(const std::string& name, const std::string& help,
                         const std::vector<double>& bounds, const Labels& labels = {});

    /// Text exposition format 0.0.4.
    std::string prometheus_text() const;
    /// {"name": number} or {"name": {"label=value,...": number}}.
    boost::json::object expvar() const;

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vedette
