// Package strictyaml turns YAML that people write into JSON, with the position of each value.
//
// Of YAML it takes what means the same to every reader, and refuses the rest: a name that
// appears twice, a name that is no text, tags, merge keys, several documents, numbers that JSON
// does not have, and the words yes, no, on and off without quotes, which YAML 1.1 reads as
// booleans and YAML 1.2 as text. Anchors are read, up to a bound.
package strictyaml
