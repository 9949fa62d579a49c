// SPDX-License-Identifier: Apache-2.0
//
// What the probe has answered about files lately: asking takes both processes longer than all the rest of an alert, and
// alerts come in bursts about the same file. An answer is good for the same question, file and change time included, of
// a process of the same user, cgroup and mount namespace: by which root a package is looked up is the asker's affair,
// and nobody is to decide what is said of another's files. Under the engine's lock.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

class FileAnswers {
   public:
    static constexpr size_t kMaxAnswers = 256;
    static constexpr int64_t kKeepNs = 10'000'000'000;
    /// A file that changed just before it was asked about may change again without another change time: more than a
    /// tick of the kernel's coarse clock, and than the two seconds of FAT.
    static constexpr uint64_t kSettledNs = 3'000'000'000;

    /// What a question is known by. `question`: without number and pids; it has the file with its change time, which
    /// nobody can set. Empty: its answer is not to be kept.
    static std::string key_of(const v1::FileQuestion& question, const v1::ProcessNode& process,
                              uint64_t event_ns);

    /// Null: it has to be asked. Good until the next call.
    const v1::FileAnswer* find(const std::string& key, int64_t now_ns) const;
    /// It has a number now.
    void asked(const v1::FileQuestion& question, std::string key, int64_t now_ns);
    void answered(const v1::FileAnswer& answer);
    void clear();

   private:
    struct Question {
        std::string key;
        bool hashes;  ///< are part of it
        int64_t until_ns;
    };
    struct Known {
        v1::FileAnswer answer;
        int64_t until_ns;
    };
    std::map<uint64_t, Question> asked_;
    boost::unordered_flat_map<std::string, Known> known_;
};

}  // namespace vedette::engine
