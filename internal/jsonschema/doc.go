// Package jsonschema makes JSON Schemas, with which editors complete, explain and check what
// people write.
//
// Schema is the central type. It has the part of draft 7 that Sluice needs: editors read draft 7
// best.
package jsonschema
