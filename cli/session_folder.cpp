#include "cli/session_folder.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

namespace muster::cli {
namespace {

constexpr char const* common_folder = "/tmp";

std::filesystem::path folder_of(std::filesystem::path const& parent, std::string const& mark) { return parent / ("muster-mpi-" + mark); }

/// Follows no links.
void remove_folder(std::filesystem::path const& folder) {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

}  // namespace

SessionFolder::SessionFolder(std::string const& mark, bool is_one_machine) {
  char const* const own = std::getenv("TMPDIR");
  bool const has_own = own != nullptr && *own != '\0';
  if (has_own && !is_one_machine) return;
  auto const folder = folder_of(has_own ? own : common_folder, mark);
  remove_folder(folder);
  // Nobody else's, whoever waits there with a link.
  if (::mkdir(folder.c_str(), 0700) == 0) path_ = folder;
}

SessionFolder::~SessionFolder() {
  if (!path_.empty()) remove_folder(path_);
}

void remove_earlier_sessions(std::string const& mark) {
  auto const pid_end = mark.find('.'), start_end = mark.find('.', pid_end + 1);
  if (pid_end == std::string::npos || start_end == std::string::npos) return;
  int const start = std::min(std::atoi(mark.c_str() + pid_end + 1), 10'000);
  for (int earlier = 1; earlier < start; ++earlier)
    remove_folder(folder_of(common_folder, fmt::format("{}.{}{}", mark.substr(0, pid_end), earlier, mark.substr(start_end))));
}

}  // namespace muster::cli
