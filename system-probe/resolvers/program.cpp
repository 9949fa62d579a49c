// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/program.h"

#include <algorithm>

#include "system-probe/decode/decoder.h"
#include "system-probe/decode/file.h"
#include "system-probe/decode/paths.h"

namespace vedette::probe {
namespace {

/// The file of a script is what was executed, its interpreter the program that the kernel loaded for it.
void fill_files(Program& program, const ProcessFacts& facts) {
    const bool script = (facts.process.flags & VDT_PROC_SCRIPT) != 0;
    if (script && facts.interpreter.inode == 0) {
        // Tracepoint backend: the kernel object is the interpreter's, of the script there is only the name.
        fill_file(program.interpreter, facts.file, facts.path, facts.filesystem);
        auto path = join_path(facts.cwd, facts.script_path);
        program.file.set_path_error(
            std::string(path.empty() ? kPathRelativeUnknown : kPathOfScript));
        program.file.set_path(path.empty() ? std::string(facts.script_path) : std::move(path));
        program.file.set_flags(VDT_FILE_NO_INODE);
        return;
    }
    const bool kernel_thread = (facts.process.flags & VDT_PROC_KTHREAD) != 0;
    const bool no_file = facts.file.inode == 0 && facts.path.empty();
    if (kernel_thread && no_file)
        return;
    fill_file(program.file, facts.file, facts.path, facts.filesystem);
    if (script) {
        fill_file(program.interpreter, facts.interpreter, facts.interpreter_path,
                  facts.interpreter_filesystem);
    }
}

void fill_environment(Program& program, std::string_view envp,
                      std::span<const std::string> allowed) {
    for_each_string(envp, [&](std::string_view variable) {
        const auto name = variable.substr(0, variable.find('='));
        if (name.empty())
            return;
        program.env_names.append(name).push_back('\0');
        if (name.size() < variable.size() && std::ranges::find(allowed, name) != allowed.end()) {
            program.envp.append(variable).push_back('\0');
        }
    });
}

/// What a text takes outside of its message.
size_t text_bytes(const std::string& text) {
    constexpr size_t kInside = 15;  // of libstdc++: shorter ones need no memory of their own
    return text.empty() ? 0 : sizeof text + (text.capacity() > kInside ? text.capacity() + 1 : 0);
}

/// Of the texts that the probe sets; protobuf's own SpaceUsedLong() asks reflection for every field.
size_t file_bytes(const v1::File& file) {
    size_t bytes = text_bytes(file.path()) + text_bytes(file.name()) +
                   text_bytes(file.filesystem()) + text_bytes(file.path_error()) +
                   text_bytes(file.mount_path());
    for (const std::string& link : file.symlink_paths())
        bytes += text_bytes(link);
    return bytes;
}

}  // namespace

size_t Program::bytes() const {
    return sizeof *this + file_bytes(file) + file_bytes(interpreter) + argv.capacity() +
           envp.capacity() + env_names.capacity();
}

Program make_program(const ProcessFacts& facts, std::span<const std::string> allowed) {
    Program program;
    fill_files(program, facts);
    program.argv = std::string(facts.argv);
    program.args_size = facts.args_size;
    program.args_truncated =
        (facts.process.flags & VDT_PROC_ARGS_TRUNCATED) || facts.args_size > facts.argv.size();
    fill_environment(program, facts.envp, allowed);
    program.envs_truncated = (facts.process.flags & VDT_PROC_ENVS_TRUNCATED) != 0;
    return program;
}

}  // namespace vedette::probe
