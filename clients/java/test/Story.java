import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jobmeter.Session;
import jobmeter.api.JobPostingStatusApi;
import jobmeter.api.PartnerBudgetReportsApi;
import jobmeter.api.PartnerJobReportsApi;
import jobmeter.api.ProvisionedApplicationsApi;
import jobmeter.api.ProvisionedHiringContractsApi;
import jobmeter.api.SimpleJobPostingTasksApi;
import jobmeter.api.SimpleJobPostingsApi;
import jobmeter.model.Application;
import jobmeter.model.JobPosting;
import jobmeter.model.JobPostings;
import jobmeter.model.JobReport;
import jobmeter.model.Setup;
import jobmeter.model.Task;

/** The client's part of the story that every client plays: `java Story input.json post|report|close` prints JSON. */
public final class Story {
  private static final String VERSION = "202504";
  private static final int PAGE_JOBS = 50;
  private static final ObjectMapper MAPPER = new jobmeter.ApiClient().getObjectMapper();

  private final JsonNode input;
  private final Session parent;

  private Story(JsonNode input) {
    this.input = input;
    this.parent = open(input.get("parent"));
  }

  public static void main(String[] words) throws Exception {
    Story story = new Story(MAPPER.readTree(new File(words[0])));
    Object found =
        switch (words[1]) {
          case "post" -> story.post();
          case "report" -> story.report();
          default -> story.close();
        };
    System.out.println(MAPPER.writeValueAsString(found));
  }

  private Session open(JsonNode keys) {
    return new Session(input.get("baseUrl").asText(), keys.get("client_id").asText(), keys.get("client_secret").asText());
  }

  private Object post() throws Exception {
    var draft = MAPPER.treeToValue(input.get("draft"), Application.class);
    var created = parent.call(() -> new ProvisionedApplicationsApi(parent.client()).createProvisionedApplicationV2(draft, null));
    var keys = created.getCredentials();
    Session child = new Session(input.get("baseUrl").asText(), keys.getClientId(), keys.getClientSecret());
    var setup = new Setup().partnerContractId(input.get("partnerContractId").asLong());
    var contract =
        child.call(
            () -> new ProvisionedHiringContractsApi(child.client()).setupProvisionedHiringContracts(VERSION, "setup", null, setup));
    List<JobPosting> elements = readElements();
    elements.forEach(element -> element.setContract(contract.getValue().getContract()));
    List<List<Object>> jobs = new ArrayList<>();
    for (Task task : submit(child, elements)) {
      String urn = task.getJobPosting();
      jobs.add(List.of(task.getExternalJobPostingId(), Long.parseLong(urn.substring(urn.lastIndexOf(':') + 1))));
    }
    return Map.of("child", Map.of("client_id", keys.getClientId(), "client_secret", keys.getClientSecret()), "jobs", jobs);
  }

  private List<JobPosting> readElements() throws Exception {
    List<JobPosting> elements = new ArrayList<>();
    for (JsonNode element : input.get("elements")) elements.add(MAPPER.treeToValue(element, JobPosting.class));
    return elements;
  }

  private List<Task> submit(Session child, List<JobPosting> elements) throws Exception {
    var batch = new JobPostings().elements(elements);
    var rows =
        child.call(() -> new SimpleJobPostingsApi(child.client()).createSimpleJobPostings(VERSION, "BATCH_CREATE", batch, null));
    List<String> urns = rows.getElements().stream().map(row -> row.getId()).toList();
    var tasks = new SimpleJobPostingTasksApi(child.client());
    while (true) {
      var found = child.call(() -> tasks.getSimpleJobPostingTasks(VERSION, urns, null)).getResults();
      if (found.values().stream().noneMatch(task -> task.getStatus() == Task.StatusEnum.IN_PROGRESS)) {
        return urns.stream().map(found::get).toList();
      }
      Thread.sleep(20);
    }
  }

  private Object report() throws Exception {
    Session child = open(input.get("child"));
    var api = new PartnerJobReportsApi(child.client());
    List<List<Object>> byIds = new ArrayList<>();
    for (JsonNode group : input.get("groups")) {
      List<String> ids = new ArrayList<>();
      group.forEach(id -> ids.add(id.asText()));
      List<Map<String, JobReport>> months = new ArrayList<>();
      for (JsonNode month : input.get("months")) {
        int[] days = readDays(month);
        months.add(
            child.call(
                    () -> api.getPartnerJobReports(
                        VERSION, days[0], days[1], days[2], days[3], days[4], days[5], null, null, ids, null, null, null, null))
                .getJobReportsByIds()
                .getResults());
      }
      for (String id : ids) months.forEach(month -> byIds.addAll(writeRows(month.get(id))));
    }
    List<List<Object>> byDays = new ArrayList<>();
    int[] days = readDays(input.get("days"));
    for (JsonNode start : input.get("starts")) {
      child
          .call(
              () -> api.getPartnerJobReports(
                  VERSION, days[0], days[1], days[2], days[3], days[4], days[5], null, "dateRange", null, start.asInt(), PAGE_JOBS,
                  null, null))
          .getJobReportsByRange()
          .getElements()
          .forEach(report -> byDays.addAll(writeRows(report)));
    }
    var budget =
        parent
            .call(() -> new PartnerBudgetReportsApi(parent.client()).getPartnerBudgetReports(VERSION, null, null))
            .getPartnerBudgetDetails()
            .get(0);
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("byIds", byIds);
    found.put("byDays", byDays);
    found.put("spent", budget.getServiceTermBudgetSpent().getAmount());
    found.put("limit", budget.getServiceTermBudgetLimit().getAmount());
    return found;
  }

  private static int[] readDays(JsonNode range) {
    int[] days = new int[6];
    int at = 0;
    for (String end : List.of("start", "end")) {
      for (String part : List.of("year", "month", "day")) days[at++] = range.get(end).get(part).asInt();
    }
    return days;
  }

  private static List<List<Object>> writeRows(JobReport report) {
    String name = report.getJobPostingInfo().getExternalJobPostingId();
    List<List<Object>> rows = new ArrayList<>();
    for (var row : report.getJobPerformanceMetrics()) {
      var date = row.getDate();
      String day = "%04d-%02d-%02d".formatted(date.getYear(), date.getMonth(), date.getDay());
      rows.add(List.of(name, day, row.getViewCount(), row.getApplyClickCount(), row.getCharge().getAmount()));
    }
    return rows;
  }

  private Object close() throws Exception {
    Session child = open(input.get("child"));
    List<JobPosting> elements = readElements();
    Task task = submit(child, elements).get(0);
    String name = elements.get(0).getExternalJobPostingId();
    var statuses = child.call(() -> new JobPostingStatusApi(child.client()).checkJobPostingStatus(VERSION, List.of(name), null));
    return Map.of("task", task.getStatus().getValue(), "listing", statuses.getResults().get(name).getListingStatus());
  }
}
