// Follows a job without reloading the page; once it has ended the page is drawn anew, with report and files.
const card = document.querySelector("[data-job]");

async function follow() {
  const answer = await fetch(card.dataset.job, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status);
  const job = await answer.json();
  if (job.ended) { location.reload(); return; }
  card.querySelector("progress").value = job.percent;
  card.querySelector("[data-job-percent]").textContent = `${job.percent} %`;
  card.querySelector("[data-job-label]").textContent = job.label;
  const said = card.querySelector("[data-job-message]");
  if (job.message && said.textContent !== job.message) said.textContent = job.message;
  setTimeout(again, 1000);
}

/** A server that does not answer for a moment is asked again, more slowly. */
function again() {
  follow().catch(() => setTimeout(again, 5000));
}

if (card) setTimeout(again, 700);
