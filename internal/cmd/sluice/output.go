package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// writeText writes a text in one piece, when it is complete.
func writeText(to io.Writer, text func(io.Writer)) error {
	var page bytes.Buffer
	text(&page)
	return write(to, page.Bytes())
}

// writeJSON writes a value as indented JSON.
func writeJSON(to io.Writer, value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return write(to, text.Bytes())
}

func write(to io.Writer, text []byte) error {
	if _, err := to.Write(text); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}
