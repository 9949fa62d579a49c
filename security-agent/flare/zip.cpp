// SPDX-License-Identifier: Apache-2.0
#include "security-agent/flare/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <ctime>

namespace vedette::flare {
namespace {

constexpr std::string_view kSuffix = ".zip";

tl::unexpected<Error> archive_failure(archive* a, const std::string& path) {
    const char* text = archive_error_string(a);
    return tl::unexpected<Error>(
        Error{ErrorCode::kIo, archive_errno(a),
              fmt::format("cannot write '{}': {}", path, text ? text : "unknown error")});
}

}  // namespace

void ZipWriter::ArchiveDeleter::operator()(archive* a) const {
    archive_write_free(a);
}

ZipWriter::ZipWriter(ZipWriter&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      fd_(std::move(other.fd_)),
      archive_(std::move(other.archive_)) {}

ZipWriter::~ZipWriter() {
    archive_.reset();
    if (!path_.empty())
        unlink(path_.c_str());
}

Result<ZipWriter> ZipWriter::create(const std::string& directory, const std::string& prefix) {
    std::string path = fmt::format("{}/{}XXXXXX{}", directory, prefix, kSuffix);
    ZipWriter zip;
    // O_EXCL and a random name: nobody can have put a link there. mkostemps makes it 0600.
    zip.fd_.reset(mkostemps(path.data(), kSuffix.size(), O_CLOEXEC));
    if (!zip.fd_)
        return fail_errno(errno, "cannot create a file in '{}'", directory);
    zip.path_ = path;
    zip.archive_.reset(archive_write_new());
    archive* a = zip.archive_.get();
    if (!a)
        return fail(ErrorCode::kLimit, "out of memory");
    if (archive_write_set_format_zip(a) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
        archive_write_open_fd(a, zip.fd_.get()) != ARCHIVE_OK)
        return archive_failure(a, zip.path_);
    return zip;
}

Result<> ZipWriter::add(const std::string& name, std::string_view content) {
    struct EntryDeleter {
        void operator()(archive_entry* entry) const { archive_entry_free(entry); }
    };
    const std::unique_ptr<archive_entry, EntryDeleter> entry(archive_entry_new());
    if (!entry)
        return fail(ErrorCode::kLimit, "out of memory");
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    archive_entry_set_mtime(entry.get(), time(nullptr), 0);
    if (archive_write_header(archive_.get(), entry.get()) != ARCHIVE_OK)
        return archive_failure(archive_.get(), path_);
    const auto written = archive_write_data(archive_.get(), content.data(), content.size());
    if (written < 0 || static_cast<size_t>(written) != content.size())
        return archive_failure(archive_.get(), path_);
    return {};
}

Result<std::string> ZipWriter::finish() {
    if (archive_write_close(archive_.get()) != ARCHIVE_OK)
        return archive_failure(archive_.get(), path_);
    if (fsync(fd_.get()) != 0)
        return fail_errno(errno, "cannot write '{}'", path_);
    return std::exchange(path_, {});
}

}  // namespace vedette::flare
