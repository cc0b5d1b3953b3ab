package judge

// Count is what became of some requests: how many there were, and how many of them were
// bad. What is bad depends on the Signal: failed, slow, very slow or throttled.
type Count struct {
	Requests int64 `json:"requests"`
	Bad      int64 `json:"bad"`
}

// Rate is the share of bad requests, from 0 to 1. Without requests it is 0.
func (c Count) Rate() float64 {
	if c.Requests == 0 {
		return 0
	}
	return float64(c.Bad) / float64(c.Requests)
}

func (c Count) plus(other Count) Count {
	return Count{Requests: c.Requests + other.Requests, Bad: c.Bad + other.Bad}
}

// odds is the number of bad requests for each good one, as a fraction: comparing two
// Counts by their odds must not divide by 0.
func (c Count) odds() (bad, good float64) {
	return float64(c.Bad), float64(c.Requests - c.Bad)
}
