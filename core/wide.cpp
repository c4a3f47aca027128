#include "core/wide.hpp"

#include <vector>

#include "core/error.hpp"

namespace muster {
namespace {

using Words = std::vector<std::uint64_t>;

std::int64_t bit_length(std::span<std::uint64_t const> words) {
  for (std::size_t i = words.size(); i-- > 0;)
    if (words[i] != 0)
      return static_cast<std::int64_t>(64 * i) +
             static_cast<std::int64_t>(std::bit_width(words[i]));
  return 0;
}

/// words * 2^count in `size` words, enough by the caller's choice.
Words shifted_left(std::span<std::uint64_t const> words, std::int64_t count, std::size_t size) {
  Words shifted(size, 0);
  auto const whole = static_cast<std::size_t>(count / 64);
  int const bits = static_cast<int>(count % 64);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i + whole < size) shifted[i + whole] |= words[i] << bits;
    if (bits != 0 && i + whole + 1 < size) shifted[i + whole + 1] |= words[i] >> (64 - bits);
  }
  return shifted;
}

void shift_right_once(Words& words) {
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = (words[i] >> 1) | (i + 1 < words.size() ? words[i + 1] << 63 : 0);
}

/// a -= b where a >= b, and true; else a stays, and false.
bool subtract_if_not_less(Words& a, Words const& b) {
  for (std::size_t i = a.size(); i-- > 0;) {
    if (a[i] > b[i]) break;
    if (a[i] < b[i]) return false;
  }
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto const taken = static_cast<unsigned __int128>(b[i]) + borrow;
    borrow = a[i] < taken ? 1 : 0;
    a[i] -= static_cast<std::uint64_t>(taken);
  }
  return true;
}

/// (quotient + a fraction that is non-zero iff `sticky`) * 2^exponent, rounded once.
double round_scaled(bool negative, std::uint64_t quotient, bool sticky, std::int64_t exponent) {
  std::uint64_t const sign = negative ? std::uint64_t{1} << 63 : 0;
  std::uint64_t const infinity = std::uint64_t{0x7ff} << 52;
  std::int64_t const bits = static_cast<std::int64_t>(std::bit_width(quotient));
  std::int64_t const top = exponent + bits - 1;  // exponent of the leading bit
  if (top > 1023) return std::bit_cast<double>(sign | infinity);
  // Exponent of the last place kept: 53 significant bits, fewer for subnormals.
  std::int64_t const last = top - 52 > -1074 ? top - 52 : -1074;
  std::int64_t const drop = last - exponent;  // > 0: the quotient has at least 55 bits
  std::uint64_t kept = 0;
  if (drop <= 64) {
    kept = drop == 64 ? 0 : quotient >> drop;
    std::uint64_t const half = std::uint64_t{1} << (drop - 1);
    std::uint64_t const rest = drop == 64 ? quotient : quotient & ((half << 1) - 1);
    if (rest > half || (rest == half && (sticky || (kept & 1) != 0))) ++kept;
  }
  // A carry out of the significand runs into the exponent field, which is what rounding up means.
  std::uint64_t const subnormal_or_biased =
      top - 52 > -1074 ? (static_cast<std::uint64_t>(last + 1074) << 52) + kept : kept;
  return std::bit_cast<double>(sign | subnormal_or_biased);
}

}  // namespace

double wide_detail::ratio(bool negative, std::span<std::uint64_t const> num,
                          std::span<std::uint64_t const> den, std::int64_t exponent) {
  std::int64_t const num_bits = bit_length(num), den_bits = bit_length(den);
  MUSTER_ASSERT(den_bits > 0, "division by zero in an exact ratio");
  if (num_bits == 0) return 0.0;
  // Scale so that the integer quotient has 56 or 57 bits: 2^55 < num * 2^shift / den < 2^57.
  std::int64_t const shift = 56 - (num_bits - den_bits);
  std::int64_t const num_shift = shift > 0 ? shift : 0, den_shift = shift < 0 ? -shift : 0;
  auto const size = static_cast<std::size_t>((den_bits + den_shift + 58) / 64 + 1);
  Words rest = shifted_left(num, num_shift, size);
  Words divisor = shifted_left(den, den_shift + 57, size);
  std::uint64_t quotient = 0;
  for (int i = 0; i <= 57; ++i) {
    quotient = (quotient << 1) | (subtract_if_not_less(rest, divisor) ? 1U : 0U);
    shift_right_once(divisor);
  }
  bool const sticky = bit_length(rest) != 0;
  return round_scaled(negative, quotient, sticky, exponent - shift);
}

void normalize_limbs(std::span<std::int64_t> limbs, int limb_bits) {
  MUSTER_ASSERT(limb_bits >= 1 && limb_bits <= 62);
  std::int64_t const mask = (std::int64_t{1} << limb_bits) - 1;
  for (std::size_t i = 0; i + 1 < limbs.size(); ++i) {
    std::int64_t const carry = limbs[i] >> limb_bits;  // floor: the sign goes up
    limbs[i] &= mask;
    limbs[i + 1] = static_cast<std::int64_t>(static_cast<std::uint64_t>(limbs[i + 1]) +
                                             static_cast<std::uint64_t>(carry));
  }
}

}  // namespace muster
