package jsonschema

// Field returns a property that may be missing.
func Field(name string, s *Schema) Property { return Property{Name: name, Schema: s} }

// Required returns a property that must not be missing.
func Required(name string, s *Schema) Property {
	return Property{Name: name, Schema: s, IsRequired: true}
}

// Object returns the schema of an object with these properties and no others.
func Object(description string, properties ...Property) *Schema {
	s := &Schema{Description: description, Type: "object", Properties: properties, AdditionalProperties: false}
	for _, p := range properties {
		if p.IsRequired {
			s.Required = append(s.Required, p.Name)
		}
	}
	return s
}

// Map returns the schema of an object whose names people choose.
func Map(description string, names, values *Schema) *Schema {
	return &Schema{Description: description, Type: "object", PropertyNames: names, AdditionalProperties: values}
}

// List returns the schema of an array.
func List(description string, items *Schema) *Schema {
	return &Schema{Description: description, Type: "array", Items: items}
}

// Text returns the schema of a string.
func Text(description string, examples ...string) *Schema {
	s := &Schema{Description: description, Type: "string"}
	for _, e := range examples {
		s.Examples = append(s.Examples, e)
	}
	return s
}

// Choice returns the schema of a string that is one of several. The first one is the default.
func Choice[T ~string](description string, choices ...T) *Schema {
	s := &Schema{Description: description, Type: "string", Default: choices[0]}
	for _, c := range choices {
		s.Enum = append(s.Enum, string(c))
	}
	return s
}

// Flag returns the schema of a boolean that is false by default.
func Flag(description string) *Schema {
	return &Schema{Description: description, Type: "boolean", Default: false}
}

// Whole returns the schema of a whole number from low to high.
func Whole(description string, low, high int64) *Schema {
	return &Schema{Description: description, Type: "integer", Minimum: low, Maximum: high}
}

// Number returns the schema of a number from low to high.
func Number(description string, low, high float64) *Schema {
	return &Schema{Description: description, Type: "number", Minimum: low, Maximum: high}
}

// Above returns the schema of a number above low, and at most high.
func Above(description string, low, high float64) *Schema {
	return &Schema{Description: description, Type: "number", ExclusiveMinimum: low, Maximum: high}
}

// Either returns the schema of a value that fits at least one of several.
func Either(description string, of ...*Schema) *Schema {
	return &Schema{Description: description, AnyOf: of}
}

// With returns a copy with another default.
func (s *Schema) With(other any) *Schema {
	changed := *s
	changed.Default = other
	return &changed
}

// Matching returns a copy that allows only strings that match a pattern, of at most so many
// characters; 0 means any number.
func (s *Schema) Matching(pattern string, most int) *Schema {
	changed := *s
	changed.Pattern, changed.MaxLength = pattern, most
	return &changed
}
