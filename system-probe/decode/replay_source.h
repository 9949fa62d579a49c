// SPDX-License-Identifier: Apache-2.0
//
// Records from a recording instead of the kernel: needs neither root nor BPF. Its snapshot is the recorded one.
#pragma once

#include <memory>

#include "system-probe/decode/record_file.h"
#include "system-probe/ebpf/record_source.h"

namespace vedette::probe {

class ReplaySource : public RecordSource {
   public:
    /// Errors: as Recording::load.
    static Result<std::unique_ptr<ReplaySource>> open(const std::string& path);

    Result<> snapshot(const RecordSink& sink) override;
    Result<size_t> poll(std::chrono::milliseconds timeout, const RecordSink& sink) override;
    vdt_counters counters() override { return counters_; }
    std::vector<HookReport> hooks() const override;
    std::string name() const override { return path_; }
    uint64_t ring_bytes() const override { return 0; }
    uint64_t map_bytes() const override { return 0; }

    int64_t boot_time_ns() const { return recording_.boot_time_ns(); }

   private:
    ReplaySource(std::string path, Recording recording);
    uint16_t type_of(size_t index) const;

    std::string path_;
    Recording recording_;
    size_t next_ = 0;
    vdt_counters counters_ = {};
};

}  // namespace vedette::probe
