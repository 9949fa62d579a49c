// SPDX-License-Identifier: Apache-2.0
//
// Fields that are computed rather than carried: the accessors that event.proto names as `handler`. All are
// pure functions of one message, or of the context that an event is evaluated in. Every byte they see was chosen by some
// process: nothing is assumed of it. What they return lives as long as the message and the scratch memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "security-agent/secl/eval_context.h"
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
/// On overlayfs: the path below the mount, which is what the container's image calls the file.
void file_overlay_path(const v1::File& file, secl::Scratch& scratch, secl::StringList& out);
/// The same, and the symbolic links that the program was executed through.
void program_paths(const v1::File& program, secl::Scratch& scratch, secl::StringList& out);
/// The names of those links.
void program_names(const v1::File& program, secl::Scratch& scratch, secl::StringList& out);

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

/// Nothing is known of a process that was there before the probe.
bool process_is_thread(const v1::ProcessNode& process);

/// An address of no family (AF_UNIX ...) is not public.
bool address_is_public(const v1::Address& address);
bool address_is_public(const v1::IpPort& address);
/// What address_is_public takes for private: "10.0.0.0/8", "fc00::/7", an address alone. A getter has no place for
/// settings, so this is process-wide; call it before the engine starts. Errors name the entry.
Result<> use_private_ranges(std::span<const std::string> networks);

int64_t new_rights(const v1::Chmod& chmod);
int64_t new_rights(const v1::Mkdir& mkdir);
/// Parameters of a module, split at blanks.
void module_argv(const v1::LoadModule& module, secl::Scratch& scratch, secl::StringList& out);
/// By the public suffix list that libpsl was built with: "a.b.example.co.uk" gives example.co.uk. Empty for a public suffix
/// itself and for what is no name. As the packet has it: not in lower case.
std::string_view dns_root_domain(const v1::DnsQuestion& question, secl::Scratch& scratch);

std::string_view event_os(const secl::EvalContext& context, secl::Scratch& scratch);
std::string_view event_origin(const secl::EvalContext& context, secl::Scratch& scratch);
std::string_view event_source(const secl::EvalContext& context, secl::Scratch& scratch);
std::string_view event_hostname(const secl::EvalContext& context, secl::Scratch& scratch);
std::string_view event_service(const secl::EvalContext& context, secl::Scratch& scratch);
/// Always empty.
std::string_view event_signature(const secl::EvalContext& context, secl::Scratch& scratch);
void event_rule_tags(const secl::EvalContext& context, secl::Scratch& scratch,
                     secl::StringList& out);
int64_t ancestors_length(const secl::EvalContext& context);
int64_t target_ancestors_length(const secl::EvalContext& context);
int64_t flows_length(const secl::EvalContext& context);

}  // namespace vedette::engine::handlers
