package localaws

import (
	"encoding/binary"
	"encoding/hex"
)

// identifiers issues identifiers that look like random UUIDs, never the same
// twice, and always the same in the same run.
type identifiers struct {
	salt   uint64
	issued uint64
}

// next returns the next identifier, shaped as a version 4 UUID.
func (i *identifiers) next() string {
	i.issued++
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], scatter(i.issued^i.salt<<56))
	// The counter itself makes it unique; scattering makes it look the part.
	binary.BigEndian.PutUint64(raw[8:], scatter(i.salt)<<48|i.issued)
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	return format(raw)
}

// format writes sixteen bytes as 8-4-4-4-12 hexadecimal digits.
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
