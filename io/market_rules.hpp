// What a market file may say: words for its enums, and the checks that writer and reader share.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "io/market_file.hpp"

namespace muster::io {

inline constexpr char const* market_filetype = "muster-market";
inline constexpr std::int64_t market_major_version = 1;
inline constexpr std::int64_t market_minor_version = 0;

template <class E>
using Words = std::array<std::pair<E, std::string_view>, 3>;  // a shorter enum repeats its last

inline constexpr Words<OptionRight> right_words{
    {{OptionRight::call, "call"}, {OptionRight::put, "put"}, {OptionRight::put, "put"}}};
inline constexpr Words<Settlement> settlement_words{
    {{Settlement::am, "am"}, {Settlement::pm, "pm"}, {Settlement::pm, "pm"}}};
inline constexpr Words<Exercise> exercise_words{
    {{Exercise::european, "european"},
     {Exercise::european_equivalent, "european_equivalent"},
     {Exercise::european_equivalent, "european_equivalent"}}};
inline constexpr Words<ExpiryQuality> quality_words{{{ExpiryQuality::good, "good"},
                                                     {ExpiryQuality::doubtful, "doubtful"},
                                                     {ExpiryQuality::unusable, "unusable"}}};

inline constexpr auto const& words_of(OptionRight) { return right_words; }
inline constexpr auto const& words_of(Settlement) { return settlement_words; }
inline constexpr auto const& words_of(Exercise) { return exercise_words; }
inline constexpr auto const& words_of(ExpiryQuality) { return quality_words; }

template <class E>
std::string to_word(E value) {
  for (auto const& [known, word] : words_of(value))
    if (known == value) return std::string(word);
  return {};
}

template <class E>
std::optional<E> from_word(std::string_view text) {
  for (auto const& [known, word] : words_of(E{}))
    if (word == text) return known;
  return std::nullopt;
}

/// The first thing that is wrong, naming expiry or row; empty when nothing is.
std::string find_fault(MarketFile const& market);

}  // namespace muster::io
