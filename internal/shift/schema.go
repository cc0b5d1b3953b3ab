package shift

import "fmt"

// Schema numbers the form of what flows and what is stored. Code reads every form up to
// its own: 0 is what was written before forms had numbers. A form that older code would
// misread raises it.
const Schema = 1

// CheckSchema returns ErrSchemaTooNew for what a newer version of Sluice has written.
func CheckSchema(what string, schema int) error {
	if schema <= Schema {
		return nil
	}
	return fmt.Errorf("%w: %s has schema %d, and this code reads up to %d: deploy the newer version of Sluice again, or let its deployments end first",
		ErrSchemaTooNew, what, schema, Schema)
}
