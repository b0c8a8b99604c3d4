import { expect, it } from "vitest";
import { firstNames, samples } from "./samples";

const bytes = (text: string) => new TextEncoder().encode(text);

it("shows values of each column, below whatever stands above the header", () => {
  const text = "Staff list\r\n\r\nNr;Name;Empty\r\n1;Ann;\r\n2;Bo;\r\n2;Cy;\r\n4;Di;\r\n5;Ed;\r\n";
  expect(samples(bytes(text), ["Nr", "Name", "Empty"], {})).toEqual({ Nr: "1, 2, 4", Name: "Ann, Bo, Cy", Empty: "" });
});

it("knows the names of a first line", () => {
  expect(firstNames(bytes("id;job name\n1;a\n"), {})).toEqual(["id", "job name"]);
  expect(firstNames(bytes("1;a\n"), {})).toEqual([]);
  expect(firstNames(bytes("a;a\n"), {})).toEqual([]);
  expect(firstNames(new Uint8Array([0x50, 0x4b, 3, 4, 0, 255]), {})).toEqual([]);
});

it("shows none of what is no text", () => {
  expect(samples(new Uint8Array([0x50, 0x4b, 3, 4, 0, 255]), ["Nr"], {})).toEqual({});
  expect(samples(bytes("Nr\n1\n"), ["Nr"], { encoding: "no-such-encoding" })).toEqual({});
});
