// SPDX-License-Identifier: Apache-2.0
//
// What alerts say of process images, kept as text. The lineage is nine tenths of an alert, and hardly any of it changes
// from one alert to the next. Bounded; of the engine alone.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "security-agent/engine/json_object.h"
#include "security-agent/engine/process_mirror.h"
#include "vedette/v1/process.pb.h"

namespace vedette::engine {

class ProcessTexts {
   public:
    static constexpr size_t kMaxBytes = 1U << 20;

    /// Texts of what `mirror` holds are kept; it must outlive this. Null: none are.
    explicit ProcessTexts(const ProcessMirror* mirror, size_t max_bytes = kMaxBytes)
        : mirror_(mirror), max_bytes_(max_bytes) {}

    /// Adds the members of process_json(). `tid`: of the thread that acted; 0: as the image says.
    void put(JsonObject& out, const v1::ProcessNode& process, uint32_t tid = 0);

    /// process_json() as a value, which is copied once: object["parent"] = texts.of(parent).
    struct Value {
        ProcessTexts& texts;
        const v1::ProcessNode& process;
        void append_to(std::string& out) const;
    };
    Value of(const v1::ProcessNode& process) { return {*this, process}; }

    size_t bytes() const { return young_.bytes + old_.bytes; }

   private:
    struct Text {
        uint64_t revision = 0;  ///< ProcessMirror::revision() that it was made of
        std::string members;
        size_t rest = 0;  ///< where they begin that follow the ids
    };
    /// Two generations: a text that is asked for again moves to the younger one, and when that is half of the bound
    /// the older one goes. Nothing is to be kept in order for it.
    struct Generation {
        boost::unordered_flat_map<uint64_t, Text> texts;
        size_t bytes = 0;
    };
    const Text& text_of(const v1::ProcessNode& process);
    const Text& keep(uint64_t key, Text text);

    const ProcessMirror* mirror_;
    size_t max_bytes_;
    Generation young_;
    Generation old_;
    Text passing_;  ///< of an image that is not the mirror's
};

}  // namespace vedette::engine
