// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace vedette::probe::test {

/// A directory of its own, 0700, gone with the object.
class TempDir {
   public:
    TempDir() {
        std::string name =
            (std::filesystem::temp_directory_path() / "vedette-test-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }
    /// Makes the file, and directories on its way. Its path.
    std::string write(const std::string& name, std::string_view content) const {
        const std::filesystem::path file = std::filesystem::path(path_) / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

   private:
    std::string path_;
};

}  // namespace vedette::probe::test
