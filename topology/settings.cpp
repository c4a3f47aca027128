#include "topology/settings.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace muster::topology {
namespace {

constexpr int entry_memory_gb = 4;

SettingValue const& by_memory(Setting const& setting, int memory_gb) {
  if (memory_gb < setting.mid_from_gb) return setting.values[0];
  return setting.values[memory_gb < setting.high_from_gb ? 1 : 2];
}

SettingValue const& by_gpus(Setting const& setting, int gpus) {
  if (gpus < 2) return setting.values[0];
  return setting.values[gpus < 8 ? 1 : 2];
}

SettingValue scaled(Setting const& setting, double factor) {
  auto const base = static_cast<double>(std::get<std::int64_t>(setting.values[0]));
  return static_cast<std::int64_t>(std::max(1.0, std::floor(base * factor)));
}

SettingValue under_batch(SettingValue const& value, Setting const& setting, Profile const& least) {
  std::int64_t const limit = setting.kind == "train" ? least.train_batch : least.batch;
  return std::min(std::get<std::int64_t>(value), limit);
}

/// The value, or the best below it that the card can do.
SettingValue under_features(Setting const& setting, SettingValue value, Features const& features) {
  if (value == setting.values[2] && !features.flash_attention) value = setting.values[1];
  if (value == setting.values[1] && !features.mixed_precision) value = setting.values[0];
  return value;
}

SettingValue capped(Setting const& setting, Profile const& least) {
  auto const& value = by_memory(setting, least.memory_gb);
  switch (setting.cap) {
    case Cap::none: return value;
    case Cap::batch: return under_batch(value, setting, least);
    case Cap::features: return under_features(setting, value, least.features);
  }
  return value;
}

/// The CPU's: the middle tier, with nothing of a card's.
Profile cpu_profile() {
  Profile profile;
  profile.name = "CPU";
  profile.memory_gb = 8;
  profile.batch = profile.train_batch = 64;
  return profile;
}

std::string why_value(Setting const& setting, Profile const& least, int gpus) {
  switch (setting.basis) {
    case Basis::gpus: return fmt::format("{} GPU{}", gpus, gpus == 1 ? "" : "s");
    case Basis::scaled_by_memory: return fmt::format("times the entry card's, by memory: {} GB", least.memory_gb);
    case Basis::scaled_by_rating: return fmt::format("times the entry card's, by speed: rated {}x", least.rated);
    case Basis::memory: break;
  }
  auto reason = gpus == 0 ? std::string("the CPU's: mid tier") : fmt::format("{} GB", least.memory_gb);
  if (setting.mid_from_gb != 8 || setting.high_from_gb != 16)
    reason += fmt::format("; mid from {} GB, high from {}", setting.mid_from_gb, setting.high_from_gb);
  if (resolve(setting, least, gpus) != by_memory(setting, least.memory_gb))
    reason += setting.cap == Cap::batch ? "; at most the card's own batch" : "; the card cannot do more";
  return reason;
}

}  // namespace

std::vector<AutoSetting> auto_settings(std::optional<Profile> const& least, int gpus) {
  auto const profile = least.value_or(cpu_profile());
  std::vector<AutoSetting> all;
  for (auto const& setting : settings())
    all.push_back({setting.program, setting.kind, setting.key, resolve(setting, profile, gpus),
                   why_value(setting, profile, gpus)});
  return all;
}

std::string to_string(SettingValue const& value) {
  return std::visit([](auto const& plain) { return fmt::format("{}", plain); }, value);
}

Setting const* find_setting(int program, std::string_view key) {
  auto const all = settings();
  auto const found = std::find_if(all.begin(), all.end(), [&](auto const& setting) {
    return setting.program == program && setting.key == key;
  });
  return found == all.end() ? nullptr : &*found;
}

SettingValue resolve(Setting const& setting, Profile const& least, int gpus) {
  switch (setting.basis) {
    case Basis::memory: return capped(setting, least);
    case Basis::gpus: return by_gpus(setting, gpus);
    case Basis::scaled_by_memory: return scaled(setting, double(least.memory_gb) / entry_memory_gb);
    case Basis::scaled_by_rating: return scaled(setting, least.rated);
  }
  return setting.values[0];
}

}  // namespace muster::topology
