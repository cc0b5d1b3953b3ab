package trial

import _ "embed"

// night is what make judge-night has counted last.
//
//go:embed night.jsonl
var night []byte

// Recorded returns the Results of the trial that the README quotes.
func Recorded() ([]Result, error) { return decode(night) }
