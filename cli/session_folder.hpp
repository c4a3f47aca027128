// Where a launcher and its daemons keep their files while they run: in a folder of each start, so that what a killed one leaves
// behind is found and removed.
#pragma once

#include <filesystem>
#include <string>

namespace muster::cli {

/// The folder of one start, made on this machine and removed by its end. `mark` is "PID.START.HOST".
class SessionFolder {
 public:
  /// None where machines may have other temporary folders each: the launcher's own choice then.
  SessionFolder(std::string const& mark, bool is_one_machine);
  ~SessionFolder();
  SessionFolder(SessionFolder const&) = delete;
  SessionFolder& operator=(SessionFolder const&) = delete;
  /// Empty for none.
  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// On a rank's machine: what earlier starts of the same supervisor left there.
void remove_earlier_sessions(std::string const& mark);

}  // namespace muster::cli
