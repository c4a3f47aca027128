// The files of a run beside its output F.h5, by name (docs/formats/state.md).
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace muster::io {

/// Which save of which start: the two numbers in the name of a state.
struct StateNumber {
  std::uint32_t epoch = 0;
  std::uint64_t sequence = 0;
  auto operator<=>(StateNumber const&) const = default;
};

/// Empty for a name that is none of a state's ("5.12"): no signs, no leading zeros.
std::optional<StateNumber> parse_state_number(std::string_view text);

std::filesystem::path state_path(std::filesystem::path const& output, StateNumber number);
std::filesystem::path tiles_path(std::filesystem::path const& output, std::uint32_t epoch);
std::filesystem::path lock_path(std::filesystem::path const& output);
std::filesystem::path stop_path(std::filesystem::path const& output);
std::filesystem::path log_path(std::filesystem::path const& output);

/// What lies beside an output.
struct RunFiles {
  std::vector<StateNumber> states;   ///< ascending
  std::vector<std::uint32_t> tiles;  ///< epochs, ascending
  std::vector<std::filesystem::path> temporaries;

  /// Of all names; 0 when there is none.
  std::uint32_t newest_epoch() const;
};

/// Reads the directory; an empty answer when there is none. Throws Error (Exit::environment).
RunFiles list_run_files(std::filesystem::path const& output);

}  // namespace muster::io
