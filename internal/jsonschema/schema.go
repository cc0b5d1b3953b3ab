package jsonschema

import (
	"bytes"
	"encoding/json"
)

// Draft7 is the URL of draft 7, for Schema.Draft.
const Draft7 = "http://json-schema.org/draft-07/schema#"

// Schema says what a JSON value may be. The zero Schema allows any value.
type Schema struct {
	Draft       string    `json:"$schema,omitempty"`
	ID          string    `json:"$id,omitempty"`
	Ref         string    `json:"$ref,omitempty"`
	Title       string    `json:"title,omitempty"`
	Description string    `json:"description,omitempty"`
	Type        string    `json:"type,omitempty"`
	Const       any       `json:"const,omitempty"`
	Enum        []string  `json:"enum,omitempty"`
	Default     any       `json:"default,omitempty"`
	Examples    []any     `json:"examples,omitempty"`
	AnyOf       []*Schema `json:"anyOf,omitempty"`

	// Of a string. Patterns are understood alike by ECMAScript and Go: no lookaround.
	Pattern   string `json:"pattern,omitempty"`
	MinLength int    `json:"minLength,omitempty"`
	MaxLength int    `json:"maxLength,omitempty"`

	// Of a number. nil means no bound.
	Minimum          any `json:"minimum,omitempty"`
	ExclusiveMinimum any `json:"exclusiveMinimum,omitempty"`
	Maximum          any `json:"maximum,omitempty"`
	ExclusiveMaximum any `json:"exclusiveMaximum,omitempty"`

	// Of an array.
	Items       *Schema `json:"items,omitempty"`
	MinItems    int     `json:"minItems,omitempty"`
	MaxItems    int     `json:"maxItems,omitempty"`
	UniqueItems bool    `json:"uniqueItems,omitempty"`

	// Of an object.
	Required      []string   `json:"required,omitempty"`
	Properties    Properties `json:"properties,omitempty"`
	MinProperties int        `json:"minProperties,omitempty"`
	MaxProperties int        `json:"maxProperties,omitempty"`
	PropertyNames *Schema    `json:"propertyNames,omitempty"`
	// AdditionalProperties is false, or the *Schema of properties with other names.
	AdditionalProperties any `json:"additionalProperties,omitempty"`

	If          *Schema    `json:"if,omitempty"`
	Then        *Schema    `json:"then,omitempty"`
	Else        *Schema    `json:"else,omitempty"`
	Definitions Properties `json:"definitions,omitempty"`
}

// Property is a named value of an object.
type Property struct {
	Name string
	*Schema
	// IsRequired says that the object must have it.
	IsRequired bool
}

// Properties are the properties of an object, in the order in which editors show them.
type Properties []Property

// MarshalJSON writes an object with the properties in their order.
func (p Properties) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	text.WriteByte('{')
	for i, property := range p {
		if i > 0 {
			text.WriteByte(',')
		}
		name, _ := json.Marshal(property.Name) // a string can always be encoded
		value, err := encode(property.Schema)
		if err != nil {
			return nil, err
		}
		text.Write(name)
		text.WriteByte(':')
		text.Write(value)
	}
	text.WriteByte('}')
	return text.Bytes(), nil
}

func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimRight(text.Bytes(), "\n"), err
}

// Text returns the schema as the text of a file.
func (s *Schema) Text() []byte {
	raw, err := encode(s)
	if err != nil {
		panic(err) // a value in it has no JSON, which is a mistake of this program's
	}
	var text bytes.Buffer
	_ = json.Indent(&text, raw, "", "  ") // raw is JSON
	text.WriteByte('\n')
	return text.Bytes()
}
