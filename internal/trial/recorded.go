package trial

import _ "embed"

// night is what make judge-night has counted last.
//
//go:embed night.jsonl
var night []byte

// Recorded returns the Results of the trial that the judge's page quotes.
func Recorded() ([]Result, error) { return decode(night) }
