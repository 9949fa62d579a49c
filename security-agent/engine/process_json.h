// SPDX-License-Identifier: Apache-2.0
//
// Files and processes as an alert shows them: the reference's names, what is empty left out, secrets on command
// lines hidden.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "security-agent/engine/json_object.h"
#include "security-agent/engine/process_texts.h"
#include "vedette/v1/event_stream.pb.h"
#include "vedette/v1/process.pb.h"

namespace vedette::engine {

/// Ancestors that an alert shows; more are announced by truncated_ancestors.
inline constexpr size_t kAlertAncestors = 200;

/// Something is known of it.
bool has_file(const v1::File& file);
JsonObject file_json(const v1::File& file);
/// What the probe answered about a file that is in the alert already.
void put_file_answer(JsonObject& file, const v1::FileAnswer& answer);
JsonObject file_metadata_json(const v1::FileMetadata& metadata);
/// The names of a mask.
JsonArray capabilities_json(uint64_t mask);
JsonObject credentials_json(const v1::Credentials& credentials);
JsonObject container_json(const v1::Container& container);
JsonObject cgroup_json(const v1::CGroup& cgroup);

/// Arguments, secrets in them hidden; nothing when there are none.
void put_scrubbed(JsonObject& out, std::string_view name, std::span<const std::string_view> values);

/// The numbers that a process begins with; `tid`: of the thread that acted.
void put_process_ids(JsonObject& out, const v1::ProcessNode& process, uint32_t tid);
/// All that follows of one image.
JsonObject process_json_rest(const v1::ProcessNode& process);
/// Both.
JsonObject process_json(const v1::ProcessNode& process);

/// Adds `parent` (null: unknown) and `ancestors` (v1::ProcessNode, nearest first).
void put_family(JsonObject& out, const v1::ProcessNode* parent,
                std::span<const void* const> ancestors, ProcessTexts& texts);

}  // namespace vedette::engine
