"""Practice songs: endless music composed by rule, with exact bars."""
