#include "core/sha256.hpp"

#include <openssl/evp.h>

#include <array>

#include "core/error.hpp"

namespace muster {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  bool finished = false;
  State() = default;
  State(State const&) = delete;
  State& operator=(State const&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

namespace {
void require_crypto(bool worked) {
  MUSTER_REQUIRE_ENV(worked,
                     "libcrypto refused SHA-256 (digests cannot be computed); check OpenSSL's "
                     "configuration (OPENSSL_CONF)");
}
}  // namespace

Sha256::Sha256() : state_(std::make_unique<State>()) {
  require_crypto(state_->context != nullptr &&
                 EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(std::string_view bytes) {
  MUSTER_ASSERT(!state_->finished);
  require_crypto(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
  return *this;
}

Sha256& Sha256::update(std::span<std::byte const> bytes) {
  return update(std::string_view(reinterpret_cast<char const*>(bytes.data()), bytes.size()));
}

Sha256& Sha256::update_u64(unsigned long long value) {
  std::array<char, 8> bytes{};
  for (char& byte : bytes) {
    byte = static_cast<char>(value & 0xff);
    value >>= 8;
  }
  return update(std::string_view(bytes.data(), bytes.size()));
}

std::string Sha256::hex() {
  MUSTER_ASSERT(!state_->finished);
  state_->finished = true;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  require_crypto(EVP_DigestFinal_ex(state_->context, digest.data(), &length) == 1);
  std::string text;
  text.reserve(2 * length);
  for (unsigned int i = 0; i < length; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) { return Sha256().update(bytes).hex(); }

}  // namespace muster
