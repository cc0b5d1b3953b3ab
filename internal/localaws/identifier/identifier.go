// Package identifier issues identifiers for requests, revisions and events.
package identifier

import (
	"encoding/binary"
	"encoding/hex"
)

// Sequence issues identifiers that look like random UUIDs. It never repeats one, and it
// issues the same ones in every run. It is not safe for concurrent use.
type Sequence struct {
	salt   uint64
	issued uint64
}

// NewSequence returns a Sequence. Sequences with different salts issue
// different identifiers.
func NewSequence(salt uint64) *Sequence { return &Sequence{salt: salt} }

// Next returns the next identifier, in the shape of a version 4 UUID.
func (s *Sequence) Next() string {
	s.issued++
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], scatter(s.issued^s.salt<<56))
	// The counter makes the identifier unique; scatter makes it look random.
	binary.BigEndian.PutUint64(raw[8:], scatter(s.salt)<<48|s.issued)
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	return format(raw)
}

// format formats sixteen bytes as 8-4-4-4-12 hexadecimal digits.
func format(raw [16]byte) string {
	digits := hex.EncodeToString(raw[:])
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

// scatter spreads neighbouring numbers over the whole range (the finalizer of
// the SplitMix64 generator).
func scatter(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
