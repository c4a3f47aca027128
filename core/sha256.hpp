// SHA-256, over libcrypto: the hash of a resolved job and of a result.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace muster {

/// Incremental SHA-256. Throws Error (Exit::environment) when libcrypto refuses (e.g. a policy
/// that disables it).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(std::string_view bytes);
  Sha256& update(std::span<std::byte const> bytes);
  /// Little-endian bytes of the integer, whatever the machine.
  Sha256& update_u64(unsigned long long value);
  /// 64 lower-case hex digits of everything so far; ends the hash (a second call is a bug).
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of `bytes` as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace muster
