// Package hookid makes the ids with which CodeDeploy hooks answer.
//
// An id is a capability: whoever has it can answer for one hook, once. The Ledger keeps the hook's
// task token sealed with the id, under a hash of the id. So whoever reads the Ledger cannot
// answer, whoever has an id needs the Ledger, and there is no key to keep.
package hookid

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ID is the id of one question to one hook. It must not be logged or stored.
type ID string

const (
	prefix      = "sluice-"
	randomBytes = 32
)

// New makes an ID that nobody can guess. A nil source is crypto/rand.
func New(random io.Reader) (ID, error) {
	if random == nil {
		random = rand.Reader
	}
	var secret [randomBytes]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return "", fmt.Errorf("make the id of a hook: %w", err)
	}
	return ID(prefix + base64.RawURLEncoding.EncodeToString(secret[:])), nil
}

// Parse says whether a text has the form of an ID. Nothing is looked up for one that has not.
func Parse(text string) (id ID, ok bool) {
	encoded, found := strings.CutPrefix(text, prefix)
	if !found || len(encoded) != base64.RawURLEncoding.EncodedLen(randomBytes) {
		return "", false
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(encoded); err != nil || strings.ContainsAny(encoded, "\r\n") {
		return "", false
	}
	return ID(text), true
}

// Lookup returns the name under which the Ledger keeps the hook. The ID cannot be found from it.
func (id ID) Lookup() string {
	sum := sha256.Sum256([]byte("lookup" + string(id)))
	return hex.EncodeToString(sum[:])
}

// Seal encrypts a task token so that only the ID opens it.
func (id ID) Seal(token string) ([]byte, error) {
	box, err := id.box()
	if err != nil {
		return nil, err
	}
	// The key is of one ID, and seals one token. So no nonce is used twice.
	return box.Seal(nil, make([]byte, box.NonceSize()), []byte(token), nil), nil
}

// ErrNotSealed is returned by Open for what the ID has not sealed.
var ErrNotSealed = errors.New("the task token was not sealed with this id")

// Open decrypts what Seal has encrypted.
func (id ID) Open(sealed []byte) (token string, err error) {
	box, err := id.box()
	if err != nil {
		return "", err
	}
	text, err := box.Open(nil, make([]byte, box.NonceSize()), sealed, nil)
	if err != nil {
		return "", ErrNotSealed // the library's error says no more
	}
	return string(text), nil
}

const keyBytes = 32 // AES-256

func (id ID) box() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(id), nil, "seal", keyBytes)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	return cipher.NewGCM(block)
}
