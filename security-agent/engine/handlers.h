// SPDX-License-Identifier: Apache-2.0
//
// Fields that are computed rather than carried: the accessors that event.proto names as `handler`. All are
// pure functions of one message. Every byte they see was chosen by some process: nothing is assumed of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "security-agent/secl/field.h"
#include "vedette/v1/event.pb.h"

namespace vedette::engine::handlers {

int64_t file_rights(const v1::File& file);
/// With its dot: ".conf"; empty when the name has none.
std::string_view file_extension(const v1::File& file, secl::Scratch& scratch);
/// Never allocates.
std::string_view file_name(const v1::File& file, secl::Scratch& scratch);
bool file_mount_detached(const v1::File& file);
bool file_mount_visible(const v1::File& file);
bool file_in_upper_layer(const v1::File& file);

std::string_view process_args(const v1::ProcessNode& process, secl::Scratch& scratch);
std::string_view process_argv0(const v1::ProcessNode& process, secl::Scratch& scratch);
void process_argv(const v1::ProcessNode& process, secl::Scratch& scratch, secl::StringList& out);
/// "-ln" gives l and n, "--version" gives version. A "--" ends nothing: a rule wants to see what follows too.
void process_args_flags(const v1::ProcessNode& process, secl::Scratch& scratch,
                        secl::StringList& out);
/// "-T 8" gives T=8, "--width=8" gives width=8, "--width 8" the same.
void process_args_options(const v1::ProcessNode& process, secl::Scratch& scratch,
                          secl::StringList& out);
void process_envs(const v1::ProcessNode& process, secl::Scratch& scratch, secl::StringList& out);

/// An address of no family (AF_UNIX ...) is not public.
bool address_is_public(const v1::Address& address);
/// What address_is_public takes for private: "10.0.0.0/8", "fc00::/7", an address alone. A getter has no place for
/// settings, so this is process-wide; call it before the engine starts. Errors name the entry.
Result<> use_private_ranges(std::span<const std::string> networks);

/// `context`: secl::EvalContext.
int64_t ancestors_length(const void* context);

}  // namespace vedette::engine::handlers
