// SPDX-License-Identifier: Apache-2.0
//
// Files and processes as an alert shows them: the reference's names, what is empty left out, secrets on command
// lines hidden.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <span>
#include <string_view>

#include "vedette/v1/event_stream.pb.h"
#include "vedette/v1/process.pb.h"

namespace vedette::engine {

/// Ancestors that an alert shows; more are announced by truncated_ancestors.
inline constexpr size_t kAlertAncestors = 200;

/// Something is known of it.
bool has_file(const v1::File& file);
boost::json::object file_json(const v1::File& file);
/// What the probe answered about a file that is in the alert already.
void put_file_answer(boost::json::object& file, const v1::FileAnswer& answer);
boost::json::object file_metadata_json(const v1::FileMetadata& metadata);
/// The names of a mask.
boost::json::array capabilities_json(uint64_t mask);
boost::json::object credentials_json(const v1::Credentials& credentials);
boost::json::object container_json(const v1::Container& container);
boost::json::object cgroup_json(const v1::CGroup& cgroup);

/// Arguments, secrets in them hidden; nothing when there are none.
void put_scrubbed(boost::json::object& out, std::string_view name,
                  std::span<const std::string_view> values);

/// One image without its parents.
boost::json::object process_json(const v1::ProcessNode& process);

/// With `parent` (null: unknown) and `ancestors` (v1::ProcessNode, nearest first).
boost::json::object process_tree_json(const v1::ProcessNode& process, const v1::ProcessNode* parent,
                                      std::span<const void* const> ancestors);

}  // namespace vedette::engine
