"""The predecessor's documents (我的花园 v2 and the first 九悦 catalogue) as documents of this shop.

One mapper per file turns one old record into new documents, or refuses it with a reason. A mapper reads
through a `Source`, which remembers what was read, so that the report also names what was left behind.

What the old records lack is settled here, once, for all of them:

* **Keys.** Recipes, plants, practitioners and products bring theirs. Foods have only names, so
  theirs are made from them: the English name for the eye, six hex digits of the Chinese name's
  SHA-256 to be unique (two foods are both called "Lettuce"). A food that the shop knows already
  keeps the shop's key. A SKU is ``productId-spec``.
* **Time.** They carry none but one certification date, `EXPORTED_AT`, which therefore stands for
  all: old enough never to overwrite anything, and the same at every run.
* **Numbers.** Read as exact decimals: yuan become fen, kilograms grams, rounded half up and only
  with a note.
* **Wording.** Clauses that claim an effect on health are taken out (食品安全法 art. 71, 73;
  广告法 art. 17), with a note.
* **People.** A practitioner keeps what she published as advice; full name, age, sex, occupation and
  medical data stay behind (PIPL art. 6, 28). Without a ``userId`` nobody is behind the profile: it
  is imported as "applied", earning nothing until a member claims it.
"""
