// What every program of the inventory adapts, low to mid to high: the values of "auto" for kinds of job
// that read them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "topology/profiles.hpp"

namespace muster::topology {

/// A number, or a word of the job's own.
using SettingValue = std::variant<std::int64_t, std::string_view>;
std::string to_string(SettingValue const& value);

/// What picks one of a setting's three values, or scales its first.
enum class Basis {
  memory,           ///< the tier, by nominal memory and the setting's own thresholds
  gpus,             ///< none or one, several, eight and more
  scaled_by_memory, ///< the first value times nominal memory over the 4 GB entry card's
  scaled_by_rating, ///< the first value times the card's rating over the entry card's
};

/// Whether the card's own row limits the value.
enum class Cap { none, batch, features };

struct Setting {
  int program = 0;              ///< its number in the inventory
  std::string_view kind;        ///< the kind of job that reads it: "train", "wheel"
  std::string_view key;         ///< the job's own word: "model", "batch"
  std::array<SettingValue, 3> values;  ///< low, mid, high
  Basis basis = Basis::memory;
  int mid_from_gb = 8;
  int high_from_gb = 16;
  Cap cap = Cap::none;
};

/// All settings, in the inventory's order. Where it gives a range, "train" has the lower value and
/// every other kind the upper.
std::span<Setting const> settings();

/// nullptr for a setting no program had.
Setting const* find_setting(int program, std::string_view key);

/// The value on a machine whose least card has this profile. Without a GPU give the mid values' 8 GB
/// and `gpus` 0. "batch" is never above the row's (training batch for kind train).
SettingValue resolve(Setting const& setting, Profile const& least, int gpus);

struct AutoSetting {
  int program = 0;
  std::string_view kind, key;
  SettingValue value;
  std::string reason;
};

/// Every setting's value on a machine of so many GPUs of which `least` is the least card (none: the CPU),
/// with its reason.
std::vector<AutoSetting> auto_settings(std::optional<Profile> const& least, int gpus);

}  // namespace muster::topology
